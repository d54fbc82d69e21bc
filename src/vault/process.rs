//! Protection of the process against leaks of memory and against file modes that are too open.

use rustix::process::{Resource, Rlimit, setrlimit, umask};

/// No core dumps, no other process of the same user reading our memory, new files for the owner alone. Called once
/// by `cli`, before any secret is in memory. Says what could not be had; none of it is worth refusing to start.
#[must_use]
pub fn harden_process() -> Vec<&'static str> {
    let mut missing = Vec::new();
    umask(rustix::fs::Mode::from_raw_mode(0o077));
    if setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) }).is_err() {
        missing.push("core dumps could not be switched off");
    }
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        if set_dumpable_behavior(DumpableBehavior::NotDumpable).is_err() {
            missing.push("other processes could not be kept from reading this one's memory");
        }
    }
    missing
}
