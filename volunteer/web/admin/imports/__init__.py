"""/admin/people/import: residents from any spreadsheet, step by step.

Upload, say which row holds the headings and what the columns are, look at the dry run, decide what
is in doubt, write it down in the background, see what became of each row, take it back.
"""

from volunteer.web.admin.imports import columns, decide, dry_run, files, result, upload
from volunteer.web.admin.imports.blueprint import blueprint

__all__ = ["blueprint", "columns", "decide", "dry_run", "files", "result", "upload"]
