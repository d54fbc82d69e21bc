//! Steps of the connection wizard that several tests take.

use std::collections::BTreeMap;

use dashtam::testing::{ports::VaultChoice, tui::Settings};

use super::{harness::Harness, server::Server};

pub(crate) fn screen(server: &Server, slug: &str, vault: VaultChoice, (width, height): (u16, u16)) -> Harness {
    let endpoints = BTreeMap::from([(slug.to_owned(), server.origin.parse().unwrap())]);
    Harness::live(width, height, Settings::default(), vault, endpoints)
}

pub(crate) fn connections(h: &Harness) -> Vec<dashtam::testing::domain::Connection> {
    h.store.read().unwrap().connections().unwrap()
}

/// To the fields of Alpaca, with a key and this secret.
pub(crate) fn answer(h: &mut Harness, secret: &str) {
    h.keys("calp<enter><enter><right><tab>").paste("PKCANARY\n").keys("<tab>").paste(secret);
}
