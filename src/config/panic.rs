//! Reports of panics: the place, never the message.

use std::{
    backtrace::{Backtrace, BacktraceStatus},
    io::Write as _,
    panic::{self, PanicHookInfo},
};

/// From now on a panic is reported on standard error and in the log by [`describe_panic`].
pub fn report_panics() {
    panic::set_hook(Box::new(|info| {
        let text = describe_panic(info);
        tracing::error!("{text}");
        let _ = writeln!(std::io::stderr(), "dashtam: {text}");
    }));
}

/// The place of a panic, and its message where that is a fixed text: one made of values may hold a secret. With
/// `RUST_BACKTRACE` also the way to it.
#[must_use]
pub fn describe_panic(info: &PanicHookInfo<'_>) -> String {
    let place = info.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
    let message = info.payload().downcast_ref::<&'static str>().copied();
    let message = message.unwrap_or("a message with values, which is not shown");
    let way = Backtrace::capture();
    let way = if way.status() == BacktraceStatus::Captured { format!("\n{way}") } else { String::new() };
    format!("internal error at {place}: {message}{way}")
}
