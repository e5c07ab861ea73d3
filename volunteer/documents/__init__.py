"""Values in; words, codes, PDFs and pictures out.

Also reads what people hand in: a photo of a code is bytes in, words out. Nothing here runs SQL,
needs a request or fetches anything: what a document shows is passed in, so any of them can be
made and looked at from a test.
"""
