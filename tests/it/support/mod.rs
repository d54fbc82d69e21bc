//! What several tests share: the harness, servers, fakes and profiles. Holds no test of the program.

pub(crate) mod alpaca;
pub(crate) mod desk;
pub(crate) mod fetching;
pub(crate) mod files;
pub(crate) mod fixtures;
pub(crate) mod harness;
pub(crate) mod hostile_files;
pub(crate) mod linked;
pub(crate) mod live_household;
pub(crate) mod made_up_provider;
pub(crate) mod one_worth;
pub(crate) mod profile;
pub(crate) mod schwab;
pub(crate) mod screen_model;
pub(crate) mod screen_walk;
pub(crate) mod screen_words;
pub(crate) mod scripted;
pub(crate) mod sequence_text;
pub(crate) mod server;
pub(crate) mod terminal;
pub(crate) mod tls;
pub(crate) mod trees;
pub(crate) mod wizard;

#[path = "../../benches/data.rs"]
#[allow(dead_code, unreachable_pub, reason = "shared with the benches, of which each uses a part")]
pub(crate) mod data;
