"""For all tests: Hypothesis without a deadline, since no test may depend on the machine's speed."""

import hypothesis

hypothesis.settings.register_profile(
    "firstbyte",
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("firstbyte")
