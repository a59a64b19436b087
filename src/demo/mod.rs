//! A demo identity provider and a demo platform: real servers on the loopback. What users try is what tests use.
