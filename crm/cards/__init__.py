"""Address cards (vCard) and calendars (iCalendar), read and written."""
