"""``check``: a catalogue of rules that any provider server can be judged by, in any language, from outside."""
