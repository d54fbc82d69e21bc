//! Screen 3: rows of all accounts or of one, with a live filter.
//!
//! INVARIANT: workers compute listings (or the runtime itself when that is fast); the rows of the
//! last listing stay on screen until the next one arrives.

mod chosen;
mod columns;
mod complete;
mod copy;
mod earlier;
mod edit;
mod figures;
mod groups;
mod hits;
mod marks;
mod order;
mod pairs;
mod view;

use std::ops::Range;

use crossterm::event::KeyEvent;
use ratatui::layout::Rect;
use rust_decimal::Decimal;

use self::{chosen::ChosenRow, order::LineContent};
use crate::{
    domain::{AccountId, TransactionId},
    ledger::{LedgerEntry, ListRequest, Query, RowList, Sort, SortKey},
    tui::{
        action::{Action, KeyPlace},
        component::{
            columns::{ColumnChoice, ColumnList},
            detail::Detail,
            hit::ListId,
            list::RowId,
            pane::{Ask, Ctx, Pane, PaneNews, can_undo, hear_columns},
            scene::Scene,
            toast::Level,
        },
        msg::{Effect, EffectError, Jump, WorkerAnswer},
        overlay::{ColumnMenu, Menu},
        snapshot::{Grouped, LedgerSnapshot},
        widget::{cursor::SelectedRow, field::TextField},
    },
};

/// The screen.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches")]
pub(crate) struct Transactions {
    account: Option<AccountId>,
    sort: Sort,
    field: TextField,
    editing: bool,
    /// The filter before it was edited; Esc restores it.
    before: String,
    /// The filter of a jump to this screen: Esc returns from it.
    jumped: Option<String>,
    query: Query,
    listing: Option<RowList>,
    /// Ticket of the current request; other answers are outdated.
    wanted: u64,
    listing_now: bool,
    /// Balance after each row of the account, newest first; only without a filter and by date.
    running: Vec<Option<Decimal>>,
    running_wanted: u64,
    marks: marks::RowMarks,
    cursor: SelectedRow,
    /// The row on which the cursor stays.
    chosen: Option<ChosenRow>,
    /// Whether the filter changed since the last listing.
    refiltered: bool,
    /// Whether the screen was shown yet; before that, the first row is selected.
    visited: bool,
    complete: complete::Complete,
    earlier: earlier::Earlier,
    hits: hits::Hits,
    groups: groups::Groups,
    orders: order::OpenOrder,
    detail: Detail,
    columns: ColumnChoice,
}

impl Transactions {
    /// Number of lines.
    fn len(&self) -> usize {
        self.listing.as_ref().map_or(0, |listing| self.orders.len(listing))
    }

    /// The content of the selected line.
    fn item(&self) -> Option<LineContent> {
        let listing = self.listing.as_ref().filter(|_| !self.groups.are_shown() && self.cursor.at < self.len())?;
        Some(self.orders.item(listing, self.cursor.at))
    }

    /// The selected row, or the first of an order; none while groups are shown.
    fn selected_row(&self) -> Option<TransactionId> {
        self.listing.as_ref()?.id(self.item()?.first())
    }

    /// The selected order.
    fn order(&self) -> Option<Range<usize>> {
        if let Some(LineContent::Order(places)) = self.item() { Some(places) } else { None }
    }

    /// Moves the cursor; returns whether the action was a movement.
    fn step(&mut self, action: Action, page: usize) -> bool {
        if self.groups.are_shown() {
            return self.groups.act(action, page);
        }
        let moved = self.cursor.act(action, self.len(), page);
        if moved {
            self.choose();
        }
        moved
    }

    /// The cursor was moved: its row is the chosen one from here on.
    fn choose(&mut self) {
        if let Some(listing) = self.listing.as_ref().filter(|_| self.item().is_some()) {
            self.chosen = ChosenRow::at(self.cursor.at, listing, &self.orders).or(self.chosen);
        }
    }

    /// Puts the cursor on the chosen row of a new listing. Where it is not listed, the cursor keeps its place; after a change of
    /// the filter it goes to the first row.
    fn follow(&mut self, listing: &RowList) {
        let line = self.chosen.and_then(|chosen| chosen.line(listing, &self.orders));
        let refiltered = std::mem::take(&mut self.refiltered);
        self.cursor.at = line.unwrap_or(if refiltered { 0 } else { self.cursor.at });
        self.cursor.clamp(self.len());
        self.marks.place_range(|row| chosen::line_of(row, listing, &self.orders));
        if self.visited && line.is_none() && (self.chosen.is_none() || (refiltered && !self.editing)) {
            self.choose();
        }
    }

    fn entry(&self, ctx: &Ctx<'_>) -> Option<LedgerEntry> {
        ctx.snapshot.entry(self.selected_row()?)
    }

    /// Requests the rows of the current query, account and order.
    fn relist(&mut self, ctx: &mut Ctx<'_>) {
        self.wanted = ctx.ticket();
        self.listing_now = true;
        let request = ListRequest { account: self.account, query: self.query.clone(), sort: self.sort };
        let order = self.groups.order(self.query.by());
        ctx.effects.push(Effect::List { ticket: self.wanted, request, order, previous: self.listing.clone() });
        self.running.clear();
        let by_date = self.sort.key == SortKey::Date;
        if let Some(account) = self.account.filter(|_| by_date && self.query.is_all()) {
            self.running_wanted = ctx.ticket();
            ctx.effects.push(Effect::Running { ticket: self.running_wanted, account });
        }
    }

    fn set_query(&mut self, ctx: &mut Ctx<'_>) {
        self.query = Query::parse(self.field.value(), ctx.moment.today);
        self.refiltered = true;
        self.relist(ctx);
    }

    /// Shows the rows of one account, or of all.
    fn scope_to(&mut self, account: Option<AccountId>, ctx: &mut Ctx<'_>) {
        self.account = account;
        self.jumped = None;
        self.field = TextField::default();
        self.query = Query::default();
        self.editing = false;
        self.sort = Sort::default();
        self.marks.clear();
        self.cursor = SelectedRow::default();
        self.chosen = None;
        self.groups = groups::Groups::default();
        self.orders.close();
        self.detail.back();
        self.listing = None;
        self.relist(ctx);
    }

    /// Shows one row among all.
    fn show(&mut self, row: TransactionId, ctx: &mut Ctx<'_>) {
        self.scope_to(None, ctx);
        self.chosen = Some(ChosenRow::of(row));
    }

    fn listed(&mut self, result: &Result<(RowList, Option<Grouped>), EffectError>, ctx: &mut Ctx<'_>) {
        self.listing_now = false;
        match result {
            Ok((listing, grouped)) => {
                self.groups.listed(grouped.as_ref());
                self.orders.listed(listing);
                self.listing = Some(listing.clone());
                self.follow(listing);
                if !self.query.is_all() {
                    self.hits.remember(listing);
                }
            }
            Err(error) => ctx.asks.push(Ask::Toast(Level::Error, format!("The rows could not be listed: {error}"))),
        }
    }

    fn sort_by(&mut self, sort: Sort, ctx: &mut Ctx<'_>) {
        self.sort = sort;
        self.relist(ctx);
    }

    fn sort_menu(&self, ctx: &mut Ctx<'_>) {
        let at = columns::SORTS.iter().position(|(key, ..)| *key == self.sort.key).unwrap_or(0);
        let titles: Vec<(char, &str)> = columns::SORTS.iter().map(|(_, letter, title)| (*letter, *title)).collect();
        ctx.push(Menu::sort(&titles, at));
    }

    /// Rows of a line on screen: one, or all fills of an order.
    fn ids_at(&self, line: usize) -> Vec<TransactionId> {
        let Some(listing) = &self.listing else { return Vec::new() };
        let places = match self.orders.item(listing, line) {
            LineContent::Order(places) => places,
            item @ (LineContent::Row(_) | LineContent::Fill(_)) => item.first()..item.first() + 1,
        };
        listing.ids(places).unwrap_or_default()
    }

    /// Marks the selected row and moves on; ends a range.
    fn mark(&mut self, ctx: &Ctx<'_>) {
        if self.marks.range.is_some() {
            self.end_range(ctx);
            return;
        }
        if self.item().is_some() {
            let ids = self.ids_at(self.cursor.at);
            self.marks.toggle(&ids, ctx.snapshot);
        }
        self.step(Action::Down, ctx.page);
    }

    /// Marks every row of the list, or none.
    fn mark_all(&mut self) {
        if let Some(listing) = &self.listing {
            let ids = listing.ids(0..listing.len()).unwrap_or_default();
            self.marks.toggle_all(listing, ids);
        }
    }

    /// Marks the rows between the start of the range and the cursor.
    fn end_range(&mut self, ctx: &Ctx<'_>) {
        if let Some((_, start)) = self.marks.range.take() {
            let lines = start.min(self.cursor.at)..=start.max(self.cursor.at);
            let ids: Vec<TransactionId> = lines.flat_map(|line| self.ids_at(line)).collect();
            self.marks.add(&ids, ctx.snapshot);
        }
    }

    fn next_hit(&mut self, forward: bool, ctx: &mut Ctx<'_>) {
        let Some(listing) = &self.listing else { return };
        let Some(item) = self.item() else { return };
        // The search continues after the last fill of an order.
        let from = if let LineContent::Order(places) = &item
            && forward
        {
            places.end - 1
        } else {
            item.first()
        };
        match self.hits.next(listing, from, forward) {
            Some(place) => {
                self.cursor.at = self.orders.shown_at(listing, place);
                self.choose();
            }
            None => ctx.toast("No more rows of the last filter: / filters."),
        }
    }

    /// Replaces the filter.
    fn refilter(&mut self, text: String, ctx: &mut Ctx<'_>) {
        self.field.set(text);
        self.cursor = SelectedRow::default();
        self.detail.back();
        self.set_query(ctx);
    }

    /// Executes an action while groups are shown.
    fn in_groups(&mut self, action: Action, ctx: &mut Ctx<'_>) {
        match action {
            Action::Open => {
                if let Some(text) = self.groups.enter(self.field.value(), ctx) {
                    self.refilter(text, ctx);
                }
            }
            Action::Sort => self.groups.sort_menu(ctx),
            Action::SortReverse => self.sort_groups(None, ctx),
            Action::Copy => self.groups.copy_menu(ctx),
            Action::Explain => self.groups.explain(self.field.value(), self.account, ctx),
            _ => {}
        }
    }

    fn sort_groups(&mut self, place: Option<usize>, ctx: &mut Ctx<'_>) {
        if self.groups.sort_by(place) {
            self.groups.stay();
            self.relist(ctx);
        }
    }

    fn open_filter(&mut self, ctx: &mut Ctx<'_>) {
        self.detail.back();
        self.editing = true;
        self.before = self.field.value().to_owned();
        ctx.effects.push(Effect::ReadVocabulary);
    }

    /// Opens or closes an order; for other rows focuses the detail.
    fn open(&mut self) {
        if let (Some(listing), Some(places)) = (&self.listing, self.order()) {
            self.cursor.at = self.orders.toggle(listing, &places);
            self.marks.place_range(|row| chosen::line_of(row, listing, &self.orders));
            self.choose();
            return;
        }
        self.detail.back();
        self.detail.act(Action::In, 1, self.len());
    }

    fn edit(&mut self, ctx: &mut Ctx<'_>) {
        self.end_range(ctx);
        match self.marks.ids().as_slice() {
            [] => {}
            [only] => {
                if let Some(entry) = ctx.snapshot.entry(*only) {
                    edit::one(&entry, ctx);
                }
                return;
            }
            several => return edit::many(several.to_vec(), ctx),
        }
        if self.order().is_some() {
            edit::many(self.ids_at(self.cursor.at), ctx);
        } else if let Some(entry) = self.entry(ctx) {
            edit::one(&entry, ctx);
        }
    }

    fn in_field(&mut self, action: Action, ctx: &mut Ctx<'_>) {
        match action {
            Action::EarlierFilter | Action::LaterFilter => {
                let back = action == Action::EarlierFilter;
                if let Some(text) = self.earlier.step(back, self.field.value()) {
                    self.field.set(text);
                    self.complete.reset();
                    self.set_query(ctx);
                }
            }
            Action::Accept => {
                self.editing = false;
                if !self.listing_now {
                    self.choose();
                }
                self.earlier.add(self.field.value());
                if self.field.value() != self.before {
                    self.groups.forget_way();
                }
            }
            Action::Complete | Action::PreviousPane
                if self.complete.next(&mut self.field, action == Action::Complete) =>
            {
                self.set_query(ctx);
            }
            Action::Down | Action::Up => {
                self.step(action, ctx.page);
            }
            _ => {}
        }
    }
}

impl Pane for Transactions {
    fn place(&self) -> KeyPlace {
        match (self.editing, self.groups.are_shown()) {
            (true, _) => KeyPlace::Filter,
            (false, true) => KeyPlace::Groups,
            (false, false) => KeyPlace::Transactions,
        }
    }

    fn offers(&self, action: Action, snapshot: &LedgerSnapshot) -> bool {
        let has_rows = self.len() > 0;
        match action {
            Action::Open | Action::Sort => has_rows && !self.detail.focused,
            Action::Filter => !snapshot.is_empty() && !self.detail.focused,
            Action::Edit | Action::Copy | Action::Explain | Action::Mark | Action::MarkAll | Action::MarkRange => {
                has_rows
            }
            Action::DecidePair => self.selected_row().is_some_and(|row| snapshot.twins(row).next().is_some()),
            _ => can_undo(action, snapshot),
        }
    }

    fn selected(&self, _snapshot: &LedgerSnapshot) -> Option<RowId> {
        self.selected_row().map(RowId::Transaction)
    }

    fn jump(&mut self, to: Jump, ctx: &mut Ctx<'_>) {
        if !std::mem::replace(&mut self.visited, true) {
            self.choose();
        }
        match to {
            Jump::Rows(account) => self.scope_to(Some(account), ctx),
            Jump::Row(row) => self.show(row, ctx),
            Jump::Screen(_) | Jump::Change(_) | Jump::Account(_) | Jump::Connection(_) => {}
        }
    }

    fn find(&mut self, query: String, ctx: &mut Ctx<'_>) {
        self.visited = true;
        self.scope_to(None, ctx);
        self.jumped = Some(query.clone());
        self.refilter(query, ctx);
    }

    fn act(&mut self, action: Action, ctx: &mut Ctx<'_>) {
        if self.editing {
            self.in_field(action, ctx);
            return;
        }
        if self.detail.act(action, ctx.page, self.len()) {
            return;
        }
        if self.step(action, ctx.page) {
            self.detail.rewind();
            return;
        }
        match action {
            Action::Filter if !ctx.snapshot.is_empty() => self.open_filter(ctx),
            _ if self.groups.are_shown() => self.in_groups(action, ctx),
            Action::Open => self.open(),
            Action::Sort => self.sort_menu(ctx),
            Action::SortReverse => self.sort_by(Sort { descending: !self.sort.descending, ..self.sort }, ctx),
            Action::Mark => self.mark(ctx),
            Action::MarkAll => self.mark_all(),
            Action::MarkRange if self.marks.range.is_some() => self.end_range(ctx),
            Action::MarkRange => self.marks.range = self.selected_row().map(|row| (row, self.cursor.at)),
            Action::NextHit => self.next_hit(true, ctx),
            Action::PreviousHit => self.next_hit(false, ctx),
            Action::Edit => self.edit(ctx),
            Action::Copy => {
                self.end_range(ctx);
                copy::open(self, ctx);
            }
            Action::Explain => figures::explain(self, ctx),
            Action::Columns => {
                ctx.push(ColumnMenu::new(ColumnList::Transactions, self.columns.entries(&columns::COLUMNS)));
            }
            Action::DecidePair => pairs::open(self.selected_row(), ctx),
            _ => {}
        }
    }

    fn key(&mut self, event: KeyEvent, ctx: &mut Ctx<'_>) {
        self.complete.reset();
        self.earlier.reset();
        if self.editing && self.field.key(event) {
            self.set_query(ctx);
        }
    }

    fn paste(&mut self, text: &str, ctx: &mut Ctx<'_>) -> bool {
        if self.editing {
            self.field.paste(text);
            self.set_query(ctx);
        }
        self.editing
    }

    fn back(&mut self, ctx: &mut Ctx<'_>) -> bool {
        if self.editing {
            self.editing = false;
            self.complete.reset();
            if self.field.value() != self.before {
                self.field.set(self.before.clone());
                self.set_query(ctx);
            }
            return true;
        }
        if self.detail.back() {
            return true;
        }
        if self.marks.range.take().is_some() {
            return true;
        }
        if !self.marks.is_empty() {
            self.marks.clear();
            return true;
        }
        if let Some(at) = self.orders.close() {
            self.cursor.at = at;
            self.choose();
            return true;
        }
        if let Some(text) = self.groups.leave() {
            self.refilter(text, ctx);
            return true;
        }
        if !self.field.value().is_empty() {
            if self.jumped.take().as_deref() == Some(self.field.value()) {
                ctx.asks.push(Ask::Return);
            }
            self.field = TextField::default();
            self.set_query(ctx);
            return true;
        }
        if self.account.is_some() {
            self.scope_to(None, ctx);
            ctx.asks.push(Ask::Return);
            return true;
        }
        false
    }

    fn click(&mut self, list: ListId, index: usize, ctx: &mut Ctx<'_>) {
        if list == ListId::Groups {
            let again = self.groups.click(index) && !self.detail.focused;
            self.editing = false;
            self.detail.back();
            if again {
                self.in_groups(Action::Open, ctx);
            }
            return;
        }
        if list != ListId::Transactions {
            return;
        }
        let again = self.cursor.at == index && !self.detail.focused;
        self.editing = false;
        self.detail.back();
        self.cursor.at = index;
        self.choose();
        if again {
            self.open();
        }
    }

    fn scroll(&mut self, list: ListId, rows: isize, _ctx: &mut Ctx<'_>) {
        if list == ListId::Side {
            self.detail.wheel(rows);
        } else if self.groups.are_shown() {
            self.groups.scroll(rows);
        } else {
            let len = self.len();
            self.cursor.scroll(rows, len);
            self.choose();
        }
    }

    fn column(&mut self, place: usize, ctx: &mut Ctx<'_>) {
        if self.groups.are_shown() {
            return self.sort_groups(Some(place), ctx);
        }
        if let Some(sort) = columns::sort_by(place, self.sort) {
            self.sort_by(sort, ctx);
        }
    }

    fn receive(&mut self, news: &PaneNews<'_>, ctx: &mut Ctx<'_>) -> bool {
        match news {
            PaneNews::Fresh => {
                if self.account.is_some_and(|account| ctx.snapshot.account(account).is_none()) {
                    self.account = None;
                }
                self.groups.stay();
                self.marks.recount(ctx.snapshot);
                self.relist(ctx);
                false
            }
            PaneNews::Loaded(WorkerAnswer::Listing { ticket, result }) => {
                if *ticket == self.wanted {
                    self.listed(result, ctx);
                }
                true
            }
            PaneNews::Loaded(WorkerAnswer::Vocabulary(vocabulary)) => {
                self.complete.vocabulary.clone_from(vocabulary);
                true
            }
            PaneNews::Loaded(WorkerAnswer::Running { ticket, balances }) => {
                if *ticket == self.running_wanted {
                    self.running.clone_from(balances);
                }
                true
            }
            PaneNews::Loaded(_) | PaneNews::Engine(_) | PaneNews::Columns(..) => {
                hear_columns(&mut self.columns, ColumnList::Transactions, news)
            }
        }
    }

    fn draw(&self, scene: &mut Scene<'_>, area: Rect) {
        view::draw(self, scene, area);
    }
}
