//! Teller Connect: Teller's login window, which is a script for browsers (Teller's documentation of Connect; its examples).
//!
//! INVARIANT: the page holds no secret; what the window returns becomes credentials without a further request.

use super::METADATA;
use crate::{
    domain::{ProviderError, ProviderErrorKind},
    providers::{Credentials, LinkStep, Secrets, check, kit::LocalPage},
};

/// Fields of the form: the token, the enrollment at the bank (which a later repair names), and its user.
const FIELDS: &[&str] = &["access_token", "enrollment_id", "user_id"];

/// Opens the window, and submits the form with its result.
const CODE: &str = r"(function () {
  var start = document.getElementById('start');
  var status = document.getElementById('status');
  var result = document.getElementById('result');
  if (!window.TellerConnect) {
    start.disabled = true;
    status.textContent = 'Teller Connect could not be loaded from cdn.teller.io. Check the connection and load this page again.';
    return;
  }
  var options = {
    applicationId: start.dataset.application,
    environment: start.dataset.environment,
    products: ['transactions', 'balance'],
    onSuccess: function (login) {
      result.elements['access_token'].value = login.accessToken || '';
      result.elements['enrollment_id'].value = (login.enrollment && login.enrollment.id) || '';
      result.elements['user_id'].value = (login.user && login.user.id) || '';
      start.disabled = true;
      status.textContent = 'Logged in. Handing over to dashtam.';
      result.submit();
    },
    onExit: function () {
      status.textContent = 'The window was closed before the login was finished. Press the button to open it again.';
      start.focus();
    },
    onFailure: function (failure) {
      status.textContent = 'Teller refused the login: ' + ((failure && failure.message) || 'no reason given') + '.';
      start.focus();
    }
  };
  if (start.dataset.enrollment) {
    options.enrollmentId = start.dataset.enrollment;
  }
  var connect = window.TellerConnect.setup(options);
  start.addEventListener('click', function () { connect.open(); });
})();";

/// The page for a new login, or to repair the one of an enrollment.
pub(super) fn page(environment: &str, answers: &Secrets, enrollment: Option<&str>) -> Result<LinkStep, ProviderError> {
    let Some(application) = answers.expose("application_id").filter(|id| !id.trim().is_empty()) else {
        return Err(METADATA
            .error(ProviderErrorKind::NotConfigured, "an access token is missing")
            .with_hint("enter one, or the application id to log in with Teller Connect in the browser"));
    };
    let mut values = vec![("application", application.to_owned()), ("environment", environment.to_owned())];
    values.extend(enrollment.map(|id| ("enrollment", id.to_owned())));
    let page = LocalPage {
        title: "Log in to your bank with Teller",
        text: "This page is served by dashtam on this machine. The button opens the login window of Teller; the password of \
               your bank goes to Teller only.",
        button: "Open Teller Connect",
        script: "https://cdn.teller.io/connect/connect.js",
        frames: &["https://teller.io"],
        code: CODE,
        values,
        fields: FIELDS,
    };
    Ok(LinkStep::Local { page, ticket: answers.clone() })
}

/// The stored values of a login: the answers, and what the window returned.
pub(super) fn credentials(ticket: &Secrets, posted: &Secrets) -> Result<Credentials, ProviderError> {
    let token = posted.expose("access_token").unwrap_or_default().trim();
    if token.is_empty() || check::token(token).is_err() {
        return Err(METADATA.error(ProviderErrorKind::InvalidResponse, "Teller Connect returned no access token"));
    }
    let mut values = ticket.clone();
    for name in FIELDS {
        if let Some(value) = posted.expose(name) {
            values.insert(*name, value.trim().into());
        }
    }
    Ok(Credentials::Certificate(values))
}
