//! The clients for requests, made when the first request needs one: idle workers stay small.

use tokio::sync::OnceCell;

/// As upstream's HTTP library.
const REDIRECTS_MAX: usize = 30;

static CHECKING: OnceCell<reqwest::Client> = OnceCell::const_new();
static TRUSTING: OnceCell<reqwest::Client> = OnceCell::const_new();

/// The client that checks the peer's certificate, or the one that does not.
pub async fn get(verify: bool) -> Result<reqwest::Client, String> {
    let cell = if verify { &CHECKING } else { &TRUSTING };
    let client = cell.get_or_try_init(|| async move { make(verify) }).await?;
    Ok(client.clone())
}

fn make(verify: bool) -> Result<reqwest::Client, String> {
    // An error says that there is one already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::limited(REDIRECTS_MAX))
        // Tries share no connection: one that the server has just closed would fail the next try.
        .pool_max_idle_per_host(0)
        .tls_danger_accept_invalid_certs(!verify)
        .user_agent(concat!("orrery/", env!("CARGO_PKG_VERSION")));
    builder.build().map_err(|error| {
        let causes = super::chain(&error);
        format!("{causes}; install `ca-certificates`, or set SSL_CERT_FILE")
    })
}
