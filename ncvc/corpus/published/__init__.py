"""Published corpora as sources of the corpus pass: what their files hold, and the rules that go with them."""
