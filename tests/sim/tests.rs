//! Many lives, each of which must hold the promises.

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{name} must be a number, not `{text}`")),
    )
}

#[test]
fn every_life_holds_the_promises() {
    if let Some(seed) = number("SIM_SEED") {
        match crate::run(seed, true) {
            Ok(stats) => println!("seed {seed}: {stats:?}"),
            Err(broken) => panic!("{broken}"),
        }
        return;
    }
    let first = number("SIM_FIRST").unwrap_or(0);
    let n = number("SIM_SEEDS").unwrap_or(1_000);
    let since = std::time::Instant::now();
    match crate::run_all(first, n) {
        Ok(stats) => println!("{n} lives from {first} in {:?}: {stats:?}", since.elapsed()),
        Err(broken) => panic!("{broken}"),
    }
}
