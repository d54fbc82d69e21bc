//! Pages that the browser shows at the end of a login: static, without scripts and without content of the request.

/// A complete HTTP response.
pub(super) fn response(status: &str, title: &str, text: &str) -> Vec<u8> {
    let body = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>\
         <title>{title}</title><style>body{{font:16px/1.5 system-ui;max-width:32rem;margin:20vh auto;padding:0 1rem;\
         color:#222;background:#fafafa}}@media(prefers-color-scheme:dark){{body{{color:#ddd;background:#181818}}}}\
         </style><h1>{title}</h1><p>{text}</p></html>"
    );
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\
         Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nX-Content-Type-Options: nosniff\r\n\
         X-Frame-Options: DENY\r\nContent-Security-Policy: default-src 'none'; style-src 'unsafe-inline'\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

pub(super) fn done() -> Vec<u8> {
    response("200 OK", "You are logged in", "dashtam has what it needs. You can close this window.")
}

pub(super) fn denied() -> Vec<u8> {
    response("200 OK", "The login was refused", "Nothing was connected. Go back to dashtam to try again.")
}

pub(super) fn refused(status: &str) -> Vec<u8> {
    response(status, "Not this way", "This address is part of a login in dashtam and does nothing by itself.")
}
