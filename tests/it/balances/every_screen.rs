//! Every amount on the screens of the demo is the root of a tree that adds up.

use crate::support::{
    desk::day,
    harness::Harness,
    screen_walk::{ScreenWalk, amounts},
};

#[tokio::test]
async fn every_amount_on_the_screens_is_the_root_of_a_tree() {
    let harness = Harness::demo(200, 60).await;
    let mut walk = ScreenWalk::over(harness, day("2026-11-20"));
    walk.overview().await;
    walk.accounts().await;
    walk.transactions(25).await;
    walk.holdings().await;
    walk.finish(180);
}

#[test]
fn amounts_are_read_with_sign_and_currency() {
    let found = amounts("│ +1,234.50 USD  -7.00 │ 2026-01-02 12:30 3 rows 0.5% 60.5k (1.25), 9.99 more owed");
    let expected = ["-7.00", "0.5", "1,234.50 USD", "1.25", "9.99"];
    assert_eq!(found, expected.map(str::to_owned).into());
}
