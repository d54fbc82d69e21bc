//! Provider adapters and the sync engine against servers on loopback.

mod alpaca;
mod http;
mod oauth;
mod oidc;
mod plaid;
mod provider_contract;
mod request_budget;
mod schwab;
mod simplefin;
mod teller;
