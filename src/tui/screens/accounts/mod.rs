//! Screen 2: every account, grouped by institution.

mod order;
mod view;

use ratatui::layout::Rect;
use rust_decimal::Decimal;

use self::order::{AccountOrder, ORDERS};
use crate::{
    domain::{Account, AccountId, AccountSigns, AccountType, Money},
    ledger::{AccountLine, explain::Figure},
    providers::{self, ProviderMetadata},
    sync::EngineCommand,
    tui::{
        action::{Action, KeyPlace},
        component::{
            columns::{ColumnChoice, ColumnList},
            hit::ListId,
            list::{List, RowId},
            pane::{Ctx, Pane, PaneNews, can_undo, hear_columns},
            scene::Scene,
        },
        msg::Jump,
        overlay::{ColumnMenu, ExplainTree, Form, FormField, Menu, MenuEntry, Suggest},
        snapshot::LedgerSnapshot,
        widget::amount,
    },
};

/// The screen.
#[derive(Debug, Default)]
pub(crate) struct Accounts {
    order: AccountOrder,
    reversed: bool,
    columns: ColumnChoice,
    list: List,
}

/// A choice of the menu that merges and splits accounts.
#[derive(Debug, Clone, Copy)]
enum Joining {
    Merge { into: AccountId, part: AccountId },
    Split(AccountId),
}

/// One line of the list.
enum Item<'a> {
    Institution(&'a str),
    Account(&'a AccountLine),
}

impl Accounts {
    fn shown<'a>(&self, snapshot: &'a LedgerSnapshot) -> Vec<&'a AccountLine> {
        let found = snapshot.accounts().iter().filter(|line| self.list.filter.finds(&haystack(line)));
        let mut shown: Vec<&AccountLine> = found.collect();
        if self.order != AccountOrder::Institution || self.reversed {
            order::sort(&mut shown, self.order, self.reversed);
        }
        shown
    }

    fn items<'a>(&self, snapshot: &'a LedgerSnapshot) -> Vec<Item<'a>> {
        let mut items = Vec::new();
        let mut last = None;
        for line in self.shown(snapshot) {
            let institution = line.account.institution.as_str();
            if last != Some(institution) && self.order == AccountOrder::Institution {
                items.push(Item::Institution(institution));
                last = Some(institution);
            }
            items.push(Item::Account(line));
        }
        items
    }

    /// Index of the selected account among the items.
    fn selected_item(&self, items: &[Item<'_>]) -> Option<usize> {
        let accounts = items.iter().enumerate().filter(|(_, item)| matches!(item, Item::Account(_)));
        accounts.map(|(index, _)| index).nth(self.list.cursor.at)
    }

    fn selected_line<'a>(&self, snapshot: &'a LedgerSnapshot) -> Option<&'a AccountLine> {
        self.shown(snapshot).get(self.list.cursor.at).copied()
    }

    fn open(&self, ctx: &mut Ctx<'_>) {
        if let Some(line) = self.selected_line(ctx.snapshot) {
            ctx.go(Jump::Rows(line.account.id));
        }
    }

    fn edit(&self, ctx: &mut Ctx<'_>) {
        let Some(line) = self.selected_line(ctx.snapshot) else { return };
        let account = &line.account;
        let mut inputs = vec![
            FormField {
                label: "Name",
                help: "Your name for it; leave empty to restore the institution's",
                value: account.alias.clone().unwrap_or_default(),
                default: account.name.clone(),
                suggest: Suggest::Nothing,
            },
            FormField {
                label: "Type",
                help: "Leave empty to restore the institution's",
                value: account.type_override.map(|kind| kind.as_str().to_owned()).unwrap_or_default(),
                default: account.account_type.as_str().to_owned(),
                suggest: Suggest::OneOf(AccountType::ALL.iter().map(|kind| kind.as_str()).collect()),
            },
        ];
        let signs_differ = provider_of(account, ctx.snapshot).is_some_and(|provider| provider.signs_differ);
        if signs_differ {
            inputs.push(sign_input("Balance sign", account.signs.balance));
            inputs.push(sign_input("Row sign", account.signs.rows));
        }
        let about = (account.id, account.alias.clone(), account.type_override, account.signs);
        ctx.push(Form::new(format!("Edit {}", account.label()), inputs, about, submit));
    }

    fn sort_menu(&self, ctx: &mut Ctx<'_>) {
        let at = ORDERS.iter().position(|(order, ..)| *order == self.order).unwrap_or(0);
        let titles: Vec<(char, &str)> = ORDERS.iter().map(|(_, letter, title)| (*letter, *title)).collect();
        ctx.push(Menu::sort(&titles, at));
    }

    fn sort_by(&mut self, order: AccountOrder, reversed: bool, snapshot: &LedgerSnapshot) {
        (self.order, self.reversed) = (order, reversed);
        self.settle(snapshot);
    }

    fn state_balance(&self, ctx: &mut Ctx<'_>) {
        let Some(line) = self.selected_line(ctx.snapshot) else { return };
        let account = &line.account;
        let inputs = vec![
            FormField {
                label: "Balance",
                help: "At the end of the day; negative when owed",
                value: line.balance.map(|balance| balance.current.amount.to_string()).unwrap_or_default(),
                default: String::new(),
                suggest: Suggest::Nothing,
            },
            FormField {
                label: "Day",
                help: "As in 2026-01-31",
                value: ctx.snapshot.today.to_string(),
                default: String::new(),
                suggest: Suggest::Nothing,
            },
        ];
        ctx.push(Form::new(format!("Balance of {}", account.label()), inputs, account.id, submit_balance));
    }

    fn copy(&self, ctx: &mut Ctx<'_>) {
        let Some(line) = self.selected_line(ctx.snapshot) else { return };
        let account = &line.account;
        let mut choices = vec![
            MenuEntry {
                letter: 'n',
                title: "name".into(),
                detail: account.display_name().into(),
                value: account.display_name().to_owned(),
            },
            MenuEntry {
                letter: 'i',
                title: "id".into(),
                detail: account.id.to_string(),
                value: account.id.to_string(),
            },
        ];
        if let Some(balance) = line.balance {
            let text = balance.current.amount.to_string();
            choices.insert(
                0,
                MenuEntry {
                    letter: 'b',
                    title: "balance".into(),
                    detail: amount::money(balance.current, ctx.masked),
                    value: text,
                },
            );
        }
        ctx.push(Menu::copy(choices));
    }

    /// Opens the menu of accounts to merge the selected one with, and of those merged into it.
    fn merge(&self, ctx: &mut Ctx<'_>) {
        let Some(line) = self.selected_line(ctx.snapshot) else { return };
        let account = &line.account;
        let letters = ('a'..='z').chain('0'..='9');
        let mut found: Vec<(String, String, Joining)> = Vec::new();
        for part in ctx.snapshot.view.parts(account.id).unwrap_or_default() {
            let detail = "show it for itself again".to_owned();
            found.push((format!("split {}", part.label()), detail, Joining::Split(part.id)));
        }
        for other in ctx.snapshot.accounts().iter().map(|line| &line.account) {
            if other.id != account.id && other.currency == account.currency {
                let joining = Joining::Merge { into: account.id, part: other.id };
                found.push((format!("merge {}", other.label()), other.institution.clone(), joining));
            }
        }
        if found.is_empty() {
            return ctx.toast("There is no other account in this currency to merge it with.");
        }
        let choices = letters.chain(std::iter::repeat(' ')).zip(found);
        let choices = choices.map(|(letter, (title, detail, value))| MenuEntry { letter, title, detail, value });
        ctx.push(Menu::new("Show as one account", choices.collect(), 0, |joining, ctx| {
            let joining = *joining;
            ctx.command(|job| match joining {
                Joining::Merge { into, part } => EngineCommand::MergeAccounts { job, into, part },
                Joining::Split(account) => EngineCommand::SplitAccount { job, account },
            });
        }));
    }

    /// Opens the trees of the selected account's figures, and of the sums of the list.
    fn explain(&self, ctx: &mut Ctx<'_>) {
        let snapshot = ctx.snapshot;
        let Some(line) = self.selected_line(snapshot) else { return };
        let (id, institution) = (line.account.id, line.account.institution.clone());
        let mut figures = vec![Figure::Balance(id), Figure::Available(id)];
        let first = snapshot.histories.get(&id).filter(|points| points.len() > 1).and_then(|points| points.first());
        figures.extend(first.map(|(day, _)| Figure::Change(*day, Box::new(Figure::Balance(id)))));
        let newest = snapshot.checks.get(&id).map(|check| check.to);
        let gaps = snapshot.gaps_of(id).iter().map(|gap| gap.to);
        figures.extend(newest.into_iter().chain(gaps).map(|day| Figure::Gap(id, day)));
        figures.push(Figure::RowCount(id));
        let shown = self.shown(snapshot);
        let sums = |own: &[&AccountLine]| {
            let ids: Vec<AccountId> = own.iter().map(|line| line.account.id).collect();
            let totals = totals(own.iter().copied(), snapshot).into_iter();
            totals.map(|total| Figure::Balances(total.currency, ids.clone())).collect::<Vec<_>>()
        };
        let own: Vec<&AccountLine> =
            shown.iter().copied().filter(|line| line.account.institution == institution).collect();
        figures.extend(sums(&own));
        figures.extend(sums(&shown));
        ExplainTree::open_all(figures, ctx);
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature of a form's answer")]
fn submit_balance(account: &AccountId, answers: &[String], ctx: &mut Ctx<'_>) -> Result<(), (usize, String)> {
    let [amount, day] = answers else { return Ok(()) };
    let amount = Decimal::from_str_exact(&amount.replace(',', ""));
    let amount = amount.map_err(|_| (0, "Write an amount, for example 1250.00 or -80.15".to_owned()))?;
    let date = day.trim().parse().map_err(|_| (1, "Write a day as 2026-01-31".to_owned()))?;
    ctx.command(|job| EngineCommand::StateBalance { job, account: *account, date, amount });
    Ok(())
}

/// The provider of an account.
fn provider_of(account: &Account, snapshot: &LedgerSnapshot) -> Option<&'static ProviderMetadata> {
    providers::find(&snapshot.connection(account.connection_id)?.provider).ok()
}

/// Words for a switch of signs.
const AS_DELIVERED: &str = "as-is";
const TURNED: &str = "invert";

fn sign_input(label: &'static str, switch: Option<bool>) -> FormField {
    let value = switch.map(|turned| if turned { TURNED } else { AS_DELIVERED });
    FormField {
        label,
        help: "Which way round it is delivered; leave empty to let balances and rows decide. The next sync applies it",
        value: value.unwrap_or_default().to_owned(),
        default: "by the evidence".to_owned(),
        suggest: Suggest::OneOf(vec![AS_DELIVERED, TURNED]),
    }
}

/// The switch that an answer sets; `at` is its field.
fn sign_of(answers: &[String], at: usize) -> Result<Option<bool>, (usize, String)> {
    match answers.get(at).map_or("", |text| text.trim()) {
        "" => Ok(None),
        AS_DELIVERED => Ok(Some(false)),
        TURNED => Ok(Some(true)),
        _ => Err((at, format!("Write {AS_DELIVERED} or {TURNED}, or leave it empty"))),
    }
}

type Before = (AccountId, Option<String>, Option<AccountType>, AccountSigns);

fn submit(before: &Before, answers: &[String], ctx: &mut Ctx<'_>) -> Result<(), (usize, String)> {
    let (account, alias, kind, signs) = before;
    let name = answers.first().filter(|text| !text.is_empty()).cloned();
    let new_kind = match answers.get(1).filter(|text| !text.is_empty()) {
        None => None,
        Some(text) => {
            let unknown = || (1, format!("`{text}` is not an account type: type a letter or two and press Tab"));
            Some(AccountType::parse(&text.replace(' ', "_")).ok_or_else(unknown)?)
        }
    };
    let new_signs = AccountSigns { balance: sign_of(answers, 2)?, rows: sign_of(answers, 3)? };
    if answers.len() > 2 && new_signs != *signs {
        ctx.command(|job| EngineCommand::SetAccountSigns { job, account: *account, signs: new_signs });
    }
    if name != *alias {
        ctx.command(|job| EngineCommand::RenameAccount { job, account: *account, name });
    }
    if new_kind != *kind {
        ctx.command(|job| EngineCommand::SetAccountType { job, account: *account, account_type: new_kind });
    }
    Ok(())
}

fn haystack(line: &AccountLine) -> String {
    let account = &line.account;
    format!(
        "{} {} {} {} {}",
        account.institution,
        account.display_name(),
        account.name,
        account.number_masked,
        account.kind().label()
    )
}

/// Sums by currency, in the order in which currencies first occur.
fn totals<'a>(lines: impl Iterator<Item = &'a AccountLine>, snapshot: &LedgerSnapshot) -> Vec<Money> {
    let mut totals: Vec<Money> = Vec::new();
    let counts = |line: &&AccountLine| {
        snapshot.daily.history(line.account.id).is_some_and(|history| history.counts_on(snapshot.today))
    };
    for balance in lines.filter(counts).filter_map(|line| line.balance) {
        match totals.iter_mut().find(|total| total.currency == balance.current.currency) {
            Some(total) => *total = total.try_add(balance.current).unwrap_or(*total),
            None => totals.push(balance.current),
        }
    }
    totals
}

impl Pane for Accounts {
    fn place(&self) -> KeyPlace {
        self.list.place(KeyPlace::Accounts)
    }

    fn offers(&self, action: Action, snapshot: &LedgerSnapshot) -> bool {
        can_undo(action, snapshot) && self.list.offers(action, self.rows(snapshot).len())
    }

    fn list(&mut self) -> Option<&mut List> {
        Some(&mut self.list)
    }

    fn rows(&self, snapshot: &LedgerSnapshot) -> Vec<RowId> {
        self.shown(snapshot).into_iter().map(|line| RowId::Account(line.account.id)).collect()
    }

    fn selected(&self, snapshot: &LedgerSnapshot) -> Option<RowId> {
        self.selected_line(snapshot).map(|line| RowId::Account(line.account.id))
    }

    fn act(&mut self, action: Action, ctx: &mut Ctx<'_>) {
        let rows = self.rows(ctx.snapshot);
        if self.list.act(action, &rows, ctx.page) {
            return;
        }
        match action {
            Action::Open => self.open(ctx),
            Action::Edit => self.edit(ctx),
            Action::Sort => self.sort_menu(ctx),
            Action::SortReverse => self.sort_by(self.order, !self.reversed, ctx.snapshot),
            Action::Columns => ctx.push(ColumnMenu::new(ColumnList::Accounts, self.columns.entries(&view::COLUMNS))),
            Action::StateBalance => self.state_balance(ctx),
            Action::MergeAccount => self.merge(ctx),
            Action::Copy => self.copy(ctx),
            Action::Explain => self.explain(ctx),
            _ => {}
        }
    }

    fn click(&mut self, list: ListId, index: usize, ctx: &mut Ctx<'_>) {
        if list == ListId::Side {
            return;
        }
        let items = self.items(ctx.snapshot);
        let at = items.iter().take(index).filter(|item| matches!(item, Item::Account(_))).count();
        if matches!(items.get(index), Some(Item::Account(_))) && self.list.pick(at, &self.rows(ctx.snapshot)) {
            self.open(ctx);
        }
    }

    fn column(&mut self, place: usize, ctx: &mut Ctx<'_>) {
        let Some((order, ..)) = ORDERS.get(place) else { return };
        let reversed = *order == self.order && !self.reversed;
        self.sort_by(*order, reversed, ctx.snapshot);
    }

    fn receive(&mut self, news: &PaneNews<'_>, ctx: &mut Ctx<'_>) -> bool {
        if matches!(news, PaneNews::Fresh) {
            self.settle(ctx.snapshot);
        }
        hear_columns(&mut self.columns, ColumnList::Accounts, news)
    }

    fn draw(&self, scene: &mut Scene<'_>, area: Rect) {
        view::draw(self, scene, area);
    }
}
