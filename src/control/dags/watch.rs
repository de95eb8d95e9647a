//! Tells that something changed in the dag folder, by inotify; where that is not to be had, by
//! looking again every half minute.

use std::{
    collections::{HashMap, HashSet},
    io,
    os::fd::{AsFd, OwnedFd},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use inotify::{EventMask, Inotify, WatchDescriptor, WatchMask};
use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};

/// Without inotify, or after it lost events, the folder is looked through this often.
pub(super) const RESCAN: Duration = Duration::from_secs(30);
/// Saving a file is several events; they are taken together.
const DEBOUNCE: Duration = Duration::from_millis(50);

/// A file that was changed less long ago may still be being written. It is read when its writer
/// closes it, or once it is older than this.
pub(super) const YOUNG: Duration = Duration::from_millis(100);

/// Watches folders.
pub(super) struct Watch {
    inotify: Option<Inotify>,
    folders: HashMap<WatchDescriptor, PathBuf>,
    /// Some folder has no watch, or events were lost.
    blind: bool,
    wakes: Arc<OwnedFd>,
}

/// Wakes a [`Watch`] from another thread.
#[derive(Clone)]
pub(super) struct Waker(Arc<OwnedFd>);

/// What a wait ended with.
#[derive(Default)]
pub(super) struct Heard {
    /// Files that were written or moved here: read again whatever their stamp.
    pub(super) written: HashSet<PathBuf>,
    /// Whether anything at all happened that may concern dags.
    pub(super) any: bool,
    /// Whether somebody woke us.
    pub(super) woken: bool,
}

impl Waker {
    pub(super) fn wake(&self) {
        let _ = rustix::io::write(&self.0, &1_u64.to_ne_bytes());
    }
}

impl Watch {
    pub(super) fn new() -> io::Result<Self> {
        let wakes = Arc::new(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?);
        let inotify = Inotify::init().ok();
        let blind = inotify.is_none();
        Ok(Self {
            inotify,
            folders: HashMap::new(),
            blind,
            wakes,
        })
    }

    pub(super) fn waker(&self) -> Waker {
        Waker(Arc::clone(&self.wakes))
    }

    /// Watches a folder; again is the same as once.
    pub(super) fn add(&mut self, folder: &Path) {
        let mask = WatchMask::CLOSE_WRITE
            | WatchMask::CREATE
            | WatchMask::DELETE
            | WatchMask::MOVED_FROM
            | WatchMask::MOVED_TO
            | WatchMask::ATTRIB
            | WatchMask::DELETE_SELF
            | WatchMask::MOVE_SELF
            | WatchMask::ONLYDIR;
        match self
            .inotify
            .as_ref()
            .map(|inotify| inotify.watches().add(folder, mask))
        {
            Some(Ok(watch)) => {
                self.folders.insert(watch, folder.to_owned());
            }
            // A folder that has just gone needs no watch; a full table of watches makes us blind.
            Some(Err(e)) if e.kind() == io::ErrorKind::NotFound => {}
            Some(Err(_)) | None => self.blind = true,
        }
    }

    /// Begins a new look at everything: lost events are forgiven.
    pub(super) fn begin(&mut self) {
        self.blind = self.inotify.is_none();
    }

    /// Looks again before long, whatever happens.
    pub(super) fn look_again(&mut self) {
        self.blind = true;
    }

    /// Ends watches of folders that are no longer there, or no longer ours.
    pub(super) fn keep(&mut self, folders: &HashSet<PathBuf>) {
        let gone = self
            .folders
            .iter()
            .filter(|(_, folder)| !folders.contains(*folder));
        let gone: Vec<WatchDescriptor> = gone.map(|(watch, _)| watch.clone()).collect();
        for watch in gone {
            self.folders.remove(&watch);
            if let Some(inotify) = &self.inotify {
                let _ = inotify.watches().remove(watch);
            }
        }
    }

    /// Waits until something happened that concerns dags, then until it is quiet for a moment.
    /// With `soon` for no longer than a young file needs to be whole.
    pub(super) fn wait(&mut self, soon: bool, concerns: &dyn Fn(&Path) -> bool) -> Heard {
        let mut heard = Heard::default();
        let mut timeout = self.blind.then_some(RESCAN);
        if soon {
            timeout = Some(YOUNG);
        }
        // A folder under constant fire is looked at all the same, a few times a second.
        for _ in 0..4 {
            let woken = self.poll(timeout);
            if woken.woken {
                heard.woken = true;
                return heard;
            }
            if !woken.any && timeout.is_some() {
                heard.any = true;
                return heard;
            }
            self.drain(&mut heard, concerns);
            if !heard.any {
                return heard;
            }
            timeout = Some(DEBOUNCE);
        }
        heard
    }

    fn poll(&self, timeout: Option<Duration>) -> Heard {
        let timeout = timeout.and_then(|wait| Timespec::try_from(wait).ok());
        let wakes = PollFd::new(&self.wakes, PollFlags::IN);
        let events = self
            .inotify
            .as_ref()
            .map(|inotify| PollFd::from_borrowed_fd(inotify.as_fd(), PollFlags::IN));
        let mut fds: Vec<PollFd<'_>> = [Some(wakes), events].into_iter().flatten().collect();
        let any = poll(&mut fds, timeout.as_ref()).is_ok_and(|n| n > 0);
        let woken = fds
            .first()
            .is_some_and(|fd| fd.revents().contains(PollFlags::IN));
        if woken {
            let _ = rustix::io::read(&self.wakes, &mut [0; 8]);
        }
        Heard {
            any,
            woken,
            ..Heard::default()
        }
    }

    fn drain(&mut self, heard: &mut Heard, concerns: &dyn Fn(&Path) -> bool) {
        let Some(inotify) = &mut self.inotify else {
            return;
        };
        let mut buffer = [0; 16 * 1024];
        while let Ok(events) = inotify.read_events(&mut buffer) {
            for event in events {
                if event.mask.contains(EventMask::Q_OVERFLOW) {
                    self.blind = true;
                    heard.any = true;
                }
                if event.mask.contains(EventMask::IGNORED) {
                    self.folders.remove(&event.wd);
                }
                let Some(folder) = self.folders.get(&event.wd) else {
                    continue;
                };
                let Some(name) = event.name else {
                    heard.any = true;
                    continue;
                };
                let path = folder.join(name);
                if event.mask.contains(EventMask::ISDIR) || concerns(&path) {
                    heard.any = true;
                    if event
                        .mask
                        .intersects(EventMask::CLOSE_WRITE | EventMask::MOVED_TO)
                    {
                        heard.written.insert(path);
                    }
                }
            }
        }
    }
}
