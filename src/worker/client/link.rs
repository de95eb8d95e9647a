//! A connection to one worker process: a thread that reads and a thread that writes, so that no
//! caller waits for the other side.

use super::{connect, state::Shared};
use crate::{
    paths::SOCKET_DRAIN,
    supervisor,
    wire::{
        Down, Known, Up, What,
        frame::{self, Inbox},
    },
};
use model::{limits::WORKER_BACKOFF_MS_MAX, report::Happened};
use std::{
    fs, io,
    io::{Read, Write},
    net::Shutdown,
    os::unix::net::UnixStream,
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

/// The sending half.
pub struct Link {
    /// Never used again in this process.
    pub id: u64,
    /// The worker process.
    pub pid: u32,
    stream: UnixStream,
    queue: Mutex<Queue>,
    filled: Condvar,
}

#[derive(Default)]
struct Queue {
    bytes: Vec<u8>,
    closed: bool,
}

/// The receiving half, after the handshake.
pub struct Receiver {
    pub link: Arc<Link>,
    pub stream: UnixStream,
    pub inbox: Inbox,
    pub known: Vec<Known>,
}

impl Link {
    /// Begins to send on a thread of its own.
    ///
    /// # Errors
    /// When the descriptor or the thread cannot be had.
    pub fn open(stream: &UnixStream, pid: u32) -> io::Result<Arc<Self>> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let link = Arc::new(Self {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            pid,
            stream: stream.try_clone()?,
            queue: Mutex::new(Queue::default()),
            filled: Condvar::new(),
        });
        let sender = Arc::clone(&link);
        thread::Builder::new()
            .name("worker-send".to_owned())
            .spawn(move || sender.send_all())?;
        Ok(link)
    }

    pub fn send(&self, message: &Down) {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        // Only starts can be too long, and those come as bytes.
        let _ = frame::put(message, &mut queue.bytes);
        drop(queue);
        self.filled.notify_one();
    }

    pub fn send_bytes(&self, bytes: &[u8]) {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.bytes.extend_from_slice(bytes);
        drop(queue);
        self.filled.notify_one();
    }

    /// Ends the connection once everything was sent.
    pub fn finish(&self) {
        self.queue
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .closed = true;
        self.filled.notify_one();
    }

    fn send_all(&self) {
        loop {
            let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
            while queue.bytes.is_empty() && !queue.closed {
                queue = self
                    .filled
                    .wait(queue)
                    .unwrap_or_else(PoisonError::into_inner);
            }
            let bytes = std::mem::take(&mut queue.bytes);
            drop(queue);
            // An error is seen by the reader as well, which begins anew; starts and kills are sent
            // again then.
            if bytes.is_empty() || (&self.stream).write_all(&bytes).is_err() {
                let _ = self.stream.shutdown(Shutdown::Both);
                return;
            }
        }
    }
}

/// Reads until the connection ends, then connects anew, until the client is closed.
pub fn keep(shared: &Arc<Shared>, first: Receiver) {
    let shared = Arc::clone(shared);
    let run = move || {
        let mut next = Some(first);
        let mut pause = Duration::from_millis(10);
        while !shared.state().is_closed() || next.is_some() {
            if let Some(receiver) = next.take() {
                pause = Duration::from_millis(10);
                read(&shared, receiver);
                continue;
            }
            match connect::connect(&shared) {
                Ok(receiver) => next = Some(receiver),
                Err(error) => {
                    tracing::error!(target: "worker", "{error}; trying again in {pause:?}");
                    thread::sleep(pause);
                    pause = (pause * 2).min(Duration::from_millis(WORKER_BACKOFF_MS_MAX));
                }
            }
        }
    };
    let thread = thread::Builder::new().name("worker-link".to_owned());
    if let Err(error) = thread.spawn(run) {
        tracing::error!(target: "worker", "no thread for the worker's reports: {error}");
    }
}

/// Connects to the worker processes of earlier versions that finish what they have.
pub fn drained(shared: &Arc<Shared>) {
    let Ok(entries) = fs::read_dir(&shared.paths.run) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if !name.starts_with(SOCKET_DRAIN) {
            continue;
        }
        match connect::greet(shared, &name) {
            Ok((receiver, _)) => keep_drained(shared, receiver, Vec::new()),
            // Nobody listens: it died, and the next worker process looks after what it left.
            Err(_) => drop(fs::remove_file(entry.path())),
        }
    }
}

/// Reads from a drained worker process until it leaves.
pub fn keep_drained(shared: &Arc<Shared>, receiver: Receiver, early: Vec<Up>) {
    shared.state().add_drained(&receiver.link);
    shared.settle(&receiver.link, &receiver.known);
    let shared = Arc::clone(shared);
    let run = move || {
        let id = receiver.link.id;
        let link = Arc::clone(&receiver.link);
        early
            .into_iter()
            .for_each(|word| take(&shared, &link, word));
        read(&shared, receiver);
        let mut state = shared.state();
        state.inherit(id);
        if let Some(main) = state.main() {
            main.send(&Down::Sweep);
        }
    };
    let thread = thread::Builder::new().name("worker-drained".to_owned());
    if let Err(error) = thread.spawn(run) {
        tracing::error!(target: "worker", "no thread for a drained worker's reports: {error}");
    }
}

fn take(shared: &Arc<Shared>, link: &Arc<Link>, word: Up) {
    match word {
        Up::Report(report) => match report.what {
            What::Started { pid } => {
                supervisor::started(shared, report.fence, report.key, pid);
                shared.tell_as(&report, Happened::Started { pid });
            }
            What::Finished {
                ref outcome,
                ref usage,
            } => {
                let (outcome, usage) = (outcome.clone().into(), (*usage).into());
                shared.tell_as(&report, Happened::Finished { outcome, usage });
            }
            What::Exited { ref exit, note } => {
                supervisor::exited(shared, link, &report, exit, note)
            }
        },
        Up::Swept(known) => shared.settle(link, &known),
        Up::Draining => {}
        Up::Zygote { zygote, facts } => supervisor::zygote(shared, link, zygote, &facts),
        Up::Session {
            session,
            zygote,
            note,
        } => supervisor::session(shared, link, (session, zygote), note),
        Up::Frame { session, n, bytes } => supervisor::frame(shared, link, (session, n), &bytes),
        Up::Closed { session, exit } => supervisor::closed(shared, session, &exit),
    }
}

fn read(shared: &Arc<Shared>, receiver: Receiver) {
    let Receiver {
        link,
        mut stream,
        mut inbox,
        known: _,
    } = receiver;
    let mut block = vec![0; 64 * 1024];
    loop {
        loop {
            match inbox.next::<Up>() {
                Ok(Some(word)) => take(shared, &link, word),
                Ok(None) => break,
                Err(error) => {
                    tracing::error!(target: "worker", "the worker process says nonsense: {error}");
                    let _ = stream.shutdown(Shutdown::Both);
                    break;
                }
            }
        }
        match stream.read(&mut block) {
            Ok(0) => break,
            Ok(got) => inbox.push(block.get(..got).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    link.finish();
    shared.state().drop_link(link.id);
    supervisor::dropped(shared, link.id);
    shared.ended.notify_all();
    if !shared.state().is_closed() {
        tracing::warn!(target: "worker", pid = link.pid, "the worker process is gone");
    }
}
