//! Names under which credentials travel: their values are never written into a card.

/// Whether a header, parameter or key of that name holds a credential.
pub(super) fn is_credential(name: &str) -> bool {
    const WHOLE: [&str; 14] = [
        "authorization",
        "proxyauthorization",
        "cookie",
        "auth",
        "key",
        "apikey",
        "appkey",
        "token",
        "secret",
        "password",
        "passwd",
        "signature",
        "sig",
        "jwt",
    ];
    const ENDS: [&str; 11] = [
        "apikey",
        "appkey",
        "authkey",
        "accesskey",
        "secretkey",
        "privatekey",
        "token",
        "secret",
        "password",
        "credentials",
        "subscriptionkey",
    ];
    let name: String =
        name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    // The token of a page is none that lets anyone in.
    let is_place = ["pagetoken", "synctoken", "continuationtoken", "nexttoken", "idempotencykey"];
    !is_place.iter().any(|place| name.ends_with(place))
        && (WHOLE.contains(&&*name) || ENDS.iter().any(|end| name.ends_with(end)))
}
