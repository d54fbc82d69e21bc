//! Servers of a household with live connections: a bank behind a bridge, with pending rows and an account in euros, and a broker
//! with positions, lots and fills. The second day settles the pending rows and adds others.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::SeqCst},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::{Days, NaiveDate};
use dashtam::testing::providers::Secrets;
use serde_json::{Value, json};

use super::{
    alpaca::FakeAlpaca,
    server::{Answer, Asked, Server},
};

const CLAIM: &str = "/simplefin/claim/live";

pub(crate) struct LiveHousehold {
    broker: Arc<FakeAlpaca>,
    pub(crate) broker_server: Server,
    pub(crate) bank_server: Server,
    is_second_day: Arc<AtomicBool>,
    today: NaiveDate,
}

impl LiveHousehold {
    pub(crate) async fn start(today: NaiveDate) -> Self {
        let (broker, broker_server) = FakeAlpaca::start().await;
        broker.fill(30, today);
        for (number, price, quantity) in [(1, "250.10", "15"), (2, "250.20", "10.125"), (3, "249.90", "15")] {
            broker.push(fill(number, today - Days::new(20), price, quantity));
        }
        let is_second_day = Arc::new(AtomicBool::new(false));
        let step = Arc::clone(&is_second_day);
        let bank_server = Server::start(move |asked| bank(asked, today, step.load(SeqCst))).await;
        Self { broker, broker_server, bank_server, is_second_day, today }
    }

    /// Settles what is pending, and adds rows.
    pub(crate) fn second_day(&self) {
        self.is_second_day.store(true, SeqCst);
        self.broker.push(fill(4, self.today, "275.00", "1"));
        self.broker.push(super::alpaca::deposit(99, self.today));
        let positions = super::fixtures::fixture("alpaca", "positions.json");
        let later = positions.replace("\"40.125\"", "\"41.125\"").replace("\"11033.37\"", "\"11308.35\"");
        *self.broker.positions.lock().unwrap() = Some(later.replace("\"10031.25\"", "\"10306.25\""));
    }

    /// The setup token of the bridge.
    pub(crate) fn token() -> String {
        STANDARD.encode(format!("https://bridge.simplefin.org{CLAIM}"))
    }

    /// The connections: provider and login.
    pub(crate) fn logins() -> [(&'static str, Secrets); 2] {
        [("alpaca", super::desk::keys("PKTEST1")), ("simplefin", Secrets::new().with("setup_token", Self::token()))]
    }
}

fn fill(number: u64, date: NaiveDate, price: &str, quantity: &str) -> Value {
    json!({
        "id": format!("{}::fill{number:04}", date.format("%Y%m%d153000000")), "activity_type": "FILL", "type": "fill",
        "date": date.to_string(), "transaction_time": format!("{date}T15:30:0{number}Z"), "price": price, "qty": quantity,
        "side": "buy", "symbol": "VTI", "leaves_qty": "0", "cum_qty": quantity, "order_id": format!("order-{}", number / 4),
    })
}

fn bank(asked: &Asked, today: NaiveDate, is_second_day: bool) -> Answer {
    match asked.path.as_str() {
        CLAIM => {
            let access = "https://canary-user:canary-password@bridge.simplefin.org/simplefin";
            Answer::Reply(200, vec!["Content-Type: text/plain".into()], access.into())
        }
        "/simplefin/accounts" => {
            let rows_wanted = asked.param("balances-only").is_none();
            Answer::json(accounts(today, is_second_day, rows_wanted).to_string())
        }
        _ => Answer::Reply(403, Vec::new(), b"Forbidden".to_vec()),
    }
}

fn accounts(today: NaiveDate, is_second_day: bool, rows_wanted: bool) -> Value {
    let noon = |back: u64| (today - Days::new(back)).and_hms_opt(12, 0, 0).unwrap().and_utc().timestamp();
    let row = |id: &str, back: u64, amount: &str, payee: &str| json!({"id": id, "posted": noon(back), "amount": amount, "description": payee.to_uppercase(), "payee": payee});
    let mut checking: Vec<Value> =
        (1..25).map(|back| row(&format!("c{back}"), back, &format!("-{back}.45"), "City Tram")).collect();
    checking.push(row("pay", 9, "2210.00", "Millworks"));
    checking.push(row("to-card", 7, "-150.00", "Harbour Visa payment"));
    let mut euros = vec![row("e1", 12, "-18.40", "Boulangerie"), row("e2", 5, "300.00", "Atelier Nord")];
    let card = vec![row("v1", 10, "-64.90", "Books"), row("v2", 7, "150.00", "Payment thank you")];
    let (balance, euro_balance) = if is_second_day {
        checking.push(row("p1", 0, "-8.35", "Bakery"));
        checking.push(row("late", 0, "-21.00", "Garden Shop"));
        euros.push(row("e3", 0, "-7.77", "Metro"));
        ("1813.82", "1992.23")
    } else {
        checking.push(
            json!({"id": "p1", "posted": 0, "transacted_at": noon(0), "amount": "-8.15", "description": "BAKERY",
            "payee": "Bakery", "pending": true}),
        );
        ("1843.17", "2000.00")
    };
    let account = |id: &str, name: &str, conn: &str, currency: &str, balance: &str, rows: Vec<Value>| {
        json!({"id": id, "name": name, "conn_id": conn, "currency": currency, "balance": balance,
            "available-balance": balance, "balance-date": noon(0), "transactions": if rows_wanted { rows } else { Vec::new() }})
    };
    let mut growth = account("ACT-growth", "Growth", "CON-elm", "USD", "5210.00", Vec::new());
    growth["holdings"] = json!([
        {"id": "HOL-1", "created": noon(3), "currency": "USD", "cost_basis": "4000.00", "description": "World Fund",
         "market_value": "4700.00", "purchase_price": "40.00", "shares": "100", "symbol": "WRLD"},
        {"id": "HOL-2", "created": noon(3), "currency": "USD", "cost_basis": "500.00", "description": "Bond Fund",
         "market_value": "510.00", "shares": "50.5", "symbol": "BOND"},
    ]);
    json!({
        "errlist": [],
        "connections": [{"conn_id": "CON-quay", "name": "Quay Street Bank"}, {"conn_id": "CON-elm", "name": "Elm Invest"}],
        "accounts": [
            account("ACT-1", "Everyday Checking (4410)", "CON-quay", "USD", balance, checking),
            account("ACT-2", "Harbour Visa", "CON-quay", "USD", "-214.90", card),
            account("ACT-3", "Euro Account", "CON-quay", "EUR", euro_balance, euros),
            growth,
        ],
    })
}
