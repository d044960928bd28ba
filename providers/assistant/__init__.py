"""JSON of a Vapi assistant that uses this server, printed or applied."""
