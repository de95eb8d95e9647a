//! A server's connection. The newest one counts; what an older one had sent is taken first.

use super::{Shared, orphans, tries};
use crate::{
    process::kill::Cause,
    python::{self, Order},
    wire::{
        self, Down, Hello, Known, MAGIC, PROTOCOL, Up, Welcome, What,
        frame::{FrameError, Inbox},
    },
};
use model::{limits::WORKER_ANSWER_MS, report::Outcome};
use std::{io, sync::Arc, time::Duration};
use tokio::{
    io::AsyncWriteExt,
    net::{UnixStream, unix::OwnedWriteHalf},
    sync::{Mutex, Notify},
};

/// Bytes of one read.
const READ_BYTES: usize = 64 * 1024;

/// Who is connected.
#[derive(Default)]
pub struct Links {
    /// Held by the connection that is served.
    turn: Arc<Mutex<()>>,
    /// Tells it that a newer one is there.
    newer: Arc<Notify>,
}

impl Links {
    /// Serves a new connection as soon as the one before has been read to its end.
    pub fn open(&mut self, shared: &Arc<Shared>, stream: UnixStream) {
        let own = rustix::process::geteuid().as_raw();
        if stream.peer_cred().is_ok_and(|peer| peer.uid() != own) {
            return;
        }
        let (shared, turn) = (Arc::clone(shared), Arc::clone(&self.turn));
        let (before, newer) = (Arc::clone(&self.newer), Arc::new(Notify::new()));
        self.newer = Arc::clone(&newer);
        tokio::spawn(async move {
            let mut inbox = Inbox::default();
            let wait = Duration::from_millis(WORKER_ANSWER_MS);
            let hello = tokio::time::timeout(wait, hello(&stream, &mut inbox)).await;
            before.notify_one();
            let _turn = turn.lock().await;
            if let Ok(Ok(hello)) = hello {
                let _ = serve(&shared, stream, inbox, hello, &newer).await;
                shared.table().disconnect();
            }
            shared.changed.notify_one();
        });
    }
}

async fn serve(
    shared: &Arc<Shared>,
    stream: UnixStream,
    mut inbox: Inbox,
    hello: Hello,
    newer: &Notify,
) -> io::Result<()> {
    if hello.stop {
        shared.table().stop(Some(Cause::Stopping));
        return Ok(());
    }
    {
        let mut table = shared.table();
        let welcome = Welcome {
            magic: MAGIC,
            protocol: PROTOCOL,
            build: wire::build(),
            pid: std::process::id(),
            known: table.connect(),
        };
        table.send(&welcome);
        table.retell();
    }
    shared.outgoing.notify_one();
    let (reader, writer) = stream.into_split();
    let mut block = vec![0; READ_BYTES];
    let write = write(shared, writer);
    tokio::pin!(write);
    loop {
        take(shared, &mut inbox).map_err(io::Error::other)?;
        tokio::select! {
            result = &mut write => return result,
            ready = reader.readable() => ready?,
            () = newer.notified() => {
                // The other side is dead or gives up: what it sent before counts, then it is over.
                while let Ok(got) = reader.try_read(&mut block) {
                    if got == 0 {
                        break;
                    }
                    inbox.push(block.get(..got).unwrap_or_default());
                }
                return take(shared, &mut inbox).map_err(io::Error::other);
            }
        }
        match reader.try_read(&mut block) {
            Ok(0) => return Ok(()),
            Ok(got) => inbox.push(block.get(..got).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
}

async fn write(shared: &Shared, mut writer: OwnedWriteHalf) -> io::Result<()> {
    loop {
        let out = shared.table().take_out();
        if out.is_empty() {
            shared.outgoing.notified().await;
        } else {
            writer.write_all(&out).await?;
        }
    }
}

fn take(shared: &Arc<Shared>, inbox: &mut Inbox) -> Result<(), FrameError> {
    while let Some(message) = inbox.next::<Down>()? {
        match message {
            Down::Start(work) => tries::start(shared, *work),
            Down::Kill(known) => kill(shared, known),
            Down::Ack { fence } => {
                if shared.table().ack(fence) {
                    shared.claims().forget(fence);
                    shared.changed.notify_one();
                }
            }
            Down::Drain => shared.table().drain(),
            Down::Shutdown { kill } => shared.table().stop(kill.then_some(Cause::Stopping)),
            Down::Open(open) => python::open(shared, *open),
            Down::Frame(reply) => shared.table().reply(reply),
            Down::Tell { session, bytes } => {
                shared.table().order(session, Order::Tell(bytes));
            }
            Down::Break { session, message } => {
                let end = Order::End(wire::Ended::Broken(message));
                shared.table().order(session, end);
            }
            Down::Close { session } => {
                shared
                    .table()
                    .order(session, Order::End(wire::Ended::Asked));
            }
            Down::Sweep => {
                if let Err(error) = orphans::sweep(shared) {
                    eprintln!("cannot look after the tries of a dead worker process: {error}");
                }
                let mut table = shared.table();
                let known = table.known();
                table.send(&Up::Swept(known));
                drop(table);
                shared.outgoing.notify_one();
            }
        }
        shared.changed.notify_one();
    }
    Ok(())
}

fn kill(shared: &Shared, known: Known) {
    if shared.table().kill(known.fence) {
        return;
    }
    let message = "the worker process does not know this try".to_owned();
    let what = What::Finished {
        outcome: Outcome::Lost { message }.into(),
        usage: wire::Usage::default(),
    };
    let report = wire::Report {
        key: known.key,
        fence: known.fence,
        at_us: shared.now().as_micros(),
        what,
    };
    shared.table().send(&Up::Report(report));
    shared.outgoing.notify_one();
}

async fn hello(stream: &UnixStream, inbox: &mut Inbox) -> io::Result<Hello> {
    let mut block = [0; 1024];
    loop {
        if let Some(hello) = inbox.next::<Hello>().map_err(io::Error::other)? {
            if hello.magic == MAGIC {
                return Ok(hello);
            }
            return Err(io::Error::from(io::ErrorKind::InvalidData));
        }
        stream.readable().await?;
        match stream.try_read(&mut block) {
            Ok(0) => return Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
            Ok(got) => inbox.push(block.get(..got).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
}
