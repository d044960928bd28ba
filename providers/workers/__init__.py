"""Workers: one process for each core, behind one port and one supervisor."""
