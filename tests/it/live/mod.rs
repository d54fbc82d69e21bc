//! Provider adapters and the sync engine against servers on loopback.

mod alpaca;
mod browser;
mod cases;
mod http;
mod killed;
mod memory;
mod oauth;
mod oidc;
mod plaid;
mod provider_contract;
mod replies;
mod request_budget;
mod schwab;
mod simplefin;
mod teller;
