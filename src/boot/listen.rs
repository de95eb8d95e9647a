//! The socket, opened before anything else is started, so that a port in use costs nothing.

use std::{
    io,
    net::{SocketAddr, TcpListener},
};

use crate::cli::Trouble;

/// Listens on the wanted address; with `any_port`, on another port where that one is in use.
pub fn bind(wanted: SocketAddr, any_port: bool) -> Result<TcpListener, Trouble> {
    match TcpListener::bind(wanted) {
        Err(cause) if any_port && cause.kind() == io::ErrorKind::AddrInUse => {
            let other = SocketAddr::new(wanted.ip(), 0);
            TcpListener::bind(other).map_err(|cause| cannot(other, &cause))
        }
        bound => bound.map_err(|cause| cannot(wanted, &cause)),
    }
}

fn cannot(address: SocketAddr, cause: &io::Error) -> Trouble {
    Trouble(format!(
        "NET-001: cannot listen on {address}: {cause}\n  name another address with --listen, or see who has \
         it: ss -ltnp 'sport = :{}'\n  more: orrery explain NET-001",
        address.port()
    ))
}
