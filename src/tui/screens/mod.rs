//! The screens, one folder each, and the table of them.
//!
//! INVARIANT: [`SCREENS`] is the only list of screens in this room. Tabs, keys, the first screen and the stack of panes
//! all read it.

mod accounts;
mod activity;
mod connections;
mod holdings;
mod overview;
mod transactions;

use crate::{
    config::Screen,
    tui::{component::pane::Pane, env::Env},
};

/// One screen.
pub(crate) struct ScreenSpec {
    /// Its name in the configuration; its keys are those of `Action::Show` with it.
    pub(crate) screen: Screen,
    /// On its tab.
    pub(crate) title: &'static str,
    /// Builds it empty; its first data comes with `News::Fresh`.
    pub(crate) open: fn(&Env) -> Box<dyn Pane>,
}

/// Every screen, in the order of its key, its tab and [`Screen::ALL`].
pub(crate) const SCREENS: [ScreenSpec; Screen::ALL.len()] = [
    ScreenSpec { screen: Screen::Overview, title: "Overview", open: |_| Box::new(overview::Overview::default()) },
    ScreenSpec { screen: Screen::Accounts, title: "Accounts", open: |_| Box::new(accounts::Accounts::default()) },
    ScreenSpec {
        screen: Screen::Transactions,
        title: "Transactions",
        open: |_| Box::new(transactions::Transactions::default()),
    },
    ScreenSpec { screen: Screen::Holdings, title: "Holdings", open: |_| Box::new(holdings::Holdings::default()) },
    ScreenSpec {
        screen: Screen::Connections,
        title: "Connections",
        open: |env| Box::new(connections::Connections::new(env)),
    },
    ScreenSpec { screen: Screen::Activity, title: "Activity", open: |_| Box::new(activity::Activity::default()) },
];

#[cfg(test)]
mod tests {
    use super::SCREENS;
    use crate::config::Screen;

    #[test]
    fn the_table_has_the_order_of_the_enum() {
        let order: Vec<Screen> = SCREENS.iter().map(|spec| spec.screen).collect();
        assert_eq!(order, Screen::ALL);
    }
}
