"""The demo community: Meifu as a newspaper report has it, with people and days made up.

``facts.json`` holds what the report says, ``plan.py`` makes everything else up (pure, the same for
the same first day), ``load.py`` writes it through the services, chapter by chapter, with each
day's own time. Nothing here is used by a real community.
"""

LAST_CHAPTER = "99 coming events"
"""Its mark says that the whole demo is there."""
