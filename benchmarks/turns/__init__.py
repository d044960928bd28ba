"""How turns are decided, judged on real recordings after the method of eot-bench."""
