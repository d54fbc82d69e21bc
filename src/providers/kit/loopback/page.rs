//! Pages of a login in the browser: self-contained, without content of the request.

/// The look of every page.
pub(super) const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:32rem;margin:20vh auto;padding:0 1rem;color:#222;background:#fafafa}\
     button{font:inherit;padding:.5rem 1rem}:focus-visible{outline:3px solid #06c;outline-offset:2px}\
     @media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}:focus-visible{outline-color:#8cf}}";

/// A complete HTTP response. `policy` is the content security policy. The address of a page holds secrets, so no other
/// site learns it; a form of the page to itself needs `same-origin` to carry its origin.
pub(super) fn response(status: &str, policy: &str, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\
         Cache-Control: no-store\r\nReferrer-Policy: same-origin\r\nX-Content-Type-Options: nosniff\r\n\
         X-Frame-Options: DENY\r\nCross-Origin-Resource-Policy: same-origin\r\n\
         Content-Security-Policy: {policy}; base-uri 'none'; frame-ancestors 'none'\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// A document in the look of every page. `style` and `content` are HTML.
pub(super) fn document(title: &str, style: &str, content: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <link rel=\"icon\" href=\"data:,\"><title>{title}</title>{style}</head>\
         <body><main><h1>{title}</h1>{content}</main></body></html>"
    )
}

/// A page without scripts.
fn plain(status: &str, title: &str, text: &str) -> Vec<u8> {
    let style = format!("<style>{STYLE}</style>");
    let policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'";
    response(status, policy, &document(title, &style, &format!("<p>{text}</p>")))
}

/// After a login that worked.
pub(in super::super) fn done() -> Vec<u8> {
    plain("200 OK", "You are logged in", "dashtam has everything it needs. You can close this window.")
}

/// After a login that was refused.
pub(in super::super) fn denied() -> Vec<u8> {
    plain("200 OK", "The login was refused", "Nothing was connected. Go back to dashtam to try again.")
}

/// After a login whose result could not be used or stored.
pub(in super::super) fn failed() -> Vec<u8> {
    plain(
        "200 OK",
        "The login could not be stored",
        "Nothing was connected. Go back to dashtam, which shows the reason.",
    )
}

/// For a request that is not part of the login.
pub(in super::super) fn refused(status: &str) -> Vec<u8> {
    plain(status, "This address does nothing", "It is part of a login in dashtam. Go back to dashtam to see its state.")
}
