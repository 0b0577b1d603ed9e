"""Display titles of the events of notes. The composition root serves the titles of all packages."""

NOTE_ADDED = "order.note_added"
NOTE_CHANGED = "order.note_changed"
NOTE_DELETED = "order.note_deleted"

EVENT_TITLES = {
    NOTE_ADDED: "Note added",
    NOTE_CHANGED: "Note changed",
    NOTE_DELETED: "Note deleted",
}
