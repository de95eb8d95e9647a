//! Accepts connections and serves them: so many at once, each given so long to say what it wants.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, extract::ConnectInfo};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use model::limits::{CONNECTIONS_MAX, DRAIN_MS_MAX, HEADER_MS_MAX};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};

/// Serves `listeners` until `stop` is done, then finishes what is under way.
pub(crate) async fn run(
    listeners: Vec<TcpListener>,
    router: Router,
    stop: impl Future<Output = ()>,
) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let (tell, told) = tokio::sync::watch::channel(false);
    let accepting: Vec<_> = listeners
        .into_iter()
        .map(|listener| {
            tokio::spawn(accept(
                listener,
                router.clone(),
                places.clone(),
                told.clone(),
            ))
        })
        .collect();
    drop(told);
    stop.await;
    let _ = tell.send(true);
    for one in accepting {
        let _ = one.await;
    }
}

async fn accept(
    listener: TcpListener,
    router: Router,
    places: Arc<Semaphore>,
    mut stop: tokio::sync::watch::Receiver<bool>,
) {
    let graceful = GracefulShutdown::new();
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            break;
        };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.changed() => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                let connection = graceful.watch(connection(stream, peer, &router));
                tokio::spawn(async move {
                    if let Err(error) = connection.await {
                        tracing::debug!("connection of {peer}: {error}");
                    }
                    drop(place);
                });
            }
            Err(error) => {
                // Such as no file descriptors left: others may end soon.
                tracing::warn!("cannot accept a connection: {error}");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
    drop(listener);
    let drain = Duration::from_millis(DRAIN_MS_MAX);
    if tokio::time::timeout(drain, graceful.shutdown())
        .await
        .is_err()
    {
        tracing::debug!("requests were still under way after {} ms", DRAIN_MS_MAX);
    }
}

type Service = TowerToHyperService<axum::middleware::AddExtension<Router, ConnectInfo<SocketAddr>>>;
type Connection = hyper::server::conn::http1::Connection<TokioIo<TcpStream>, Service>;

fn connection(stream: TcpStream, peer: SocketAddr, router: &Router) -> Connection {
    // Answers are small and written whole; waiting to fill a packet only costs time.
    let _ = stream.set_nodelay(true);
    let service = tower::ServiceBuilder::new()
        .layer(axum::Extension(ConnectInfo(peer)))
        .service(router.clone());
    hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_millis(HEADER_MS_MAX))
        .max_buf_size(64 * 1024)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service))
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    async fn listening() -> (TcpListener, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        (listener, address)
    }

    #[tokio::test]
    async fn what_is_under_way_is_finished_and_nothing_new_begins() {
        let (listener, address) = listening().await;
        let slow = || async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            "done"
        };
        let router = Router::new().route("/", get(slow));
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let serving = tokio::spawn(run(vec![listener], router, async {
            let _ = stopped.await;
        }));
        let mut client = TcpStream::connect(address).await.unwrap();
        client
            .write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")
            .await
            .unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
        stop.send(()).unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        assert!(
            answer.starts_with("HTTP/1.1 200") && answer.ends_with("done"),
            "{answer}"
        );
        serving.await.unwrap();
        assert!(TcpStream::connect(address).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_says_nothing_is_let_go() {
        let (listener, address) = listening().await;
        let router = Router::new().route("/", get(|| async { "" }));
        tokio::spawn(run(vec![listener], router, std::future::pending()));
        let mut client = TcpStream::connect(address).await.unwrap();
        client
            .write_all(b"GET / HTTP/1.1\r\nhost: loc")
            .await
            .unwrap();
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).await.unwrap();
        assert!(
            answer.is_empty() || answer.starts_with(b"HTTP/1.1 408"),
            "{answer:?}"
        );
    }
}
