//! The exit codes, in words.

/// What each exit code says.
pub(crate) const EXIT_CODES: &str = "Exit codes: 0 ok, 1 a test failed, 2 usage, 3 definition, 4 invocation, 5 connection or auth, 6 refused by policy, \
7 transport, 8 the service answered with an error, 9 the reply could not be decoded or mapped, \
10 try again later, 70 a bug in cardhost.";
