"""``check``: rules that judge a provider server in any language from outside."""
