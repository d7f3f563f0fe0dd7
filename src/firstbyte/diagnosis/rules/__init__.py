"""One file a finding (or a small family of findings that share their evidence)."""
