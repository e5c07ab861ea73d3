"""What the demo's event of today is made of; apart, so that asking for it loads nothing else."""

OPEN_DAY = "爱心驿站"
"""The activity that is open all day."""

LEADER_PHONE = "13800000007"
PLACE, PLACE_EN = "社区党群服务中心一楼", "Community service centre, ground floor"
