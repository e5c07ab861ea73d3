"""The kinds of organisation a new community starts with; afterwards they are its own data."""

STARTING_KINDS: tuple[tuple[str, str, str], ...] = (
    ("residents_committee", "社区居委会", "Residents' committee"),
    ("party_branch", "党支部", "Party branch"),
    ("owners_committee", "业委会", "Owners' committee"),
    ("property_company", "物业公司", "Property company"),
    ("volunteer_team", "志愿服务队", "Volunteer team"),
    ("joint_meeting", "联席会议", "Joint meeting"),
    ("school", "学校", "School"),
    ("clinic", "社区健康服务中心", "Health centre"),
    ("company", "企业", "Company"),
    ("other", "其他", "Other"),
)
"""Code, Chinese name, English name."""
