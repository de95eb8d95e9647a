//! The socket on which a child asks and is answered: frames of four bytes of length (big endian)
//! and a content that is not looked into here.

use model::limits::{PYTHON_FRAME_BYTES_MAX, PYTHON_FRAMES_MAX};
use std::{
    collections::VecDeque,
    io,
    os::fd::{AsFd, OwnedFd},
    task::{Context, Poll},
};
use tokio::net::UnixStream;

/// Bytes of one read.
const READ_BYTES: usize = 64 * 1024;

/// Our end.
pub struct Requests {
    socket: Option<UnixStream>,
    inbox: Vec<u8>,
    out: VecDeque<(Vec<u8>, Option<OwnedFd>)>,
    sent: usize,
}

impl Requests {
    /// Ours and the child's end.
    ///
    /// # Errors
    /// When there is no room for another.
    pub fn open() -> io::Result<(Self, OwnedFd)> {
        let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
        ours.set_nonblocking(true)?;
        let requests = Self {
            socket: Some(UnixStream::from_std(ours)?),
            inbox: Vec::new(),
            out: VecDeque::new(),
            sent: 0,
        };
        Ok((requests, theirs.into()))
    }

    /// Whether there is something to read or, if there is something to send, room for it.
    pub fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(socket) = &self.socket else {
            return Poll::Pending;
        };
        if !self.out.is_empty() && socket.poll_write_ready(cx).is_ready() {
            return Poll::Ready(());
        }
        socket.poll_read_ready(cx).map(drop)
    }

    /// Sends a frame, with a descriptor.
    pub fn push(&mut self, content: &[u8], fd: Option<OwnedFd>) {
        let mut bytes = Vec::with_capacity(content.len() + 4);
        let length = u32::try_from(content.len()).unwrap_or(u32::MAX);
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(content);
        self.out.push_back((bytes, fd));
        self.write();
    }

    /// Sends what there is room for.
    pub fn write(&mut self) {
        while let (Some(socket), Some((bytes, fd))) = (&self.socket, self.out.front_mut()) {
            let rest = bytes.get(self.sent..).unwrap_or_default();
            let written = match fd {
                None => socket.try_write(rest),
                Some(fd) => socket.try_io(tokio::io::Interest::WRITABLE, || {
                    super::control::send_fds(socket, rest, &[fd.as_fd()])
                }),
            };
            match written {
                Ok(got) => {
                    *fd = None;
                    self.sent += got;
                    if self.sent >= bytes.len() {
                        self.sent = 0;
                        self.out.pop_front();
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                // It reads no more; its end tells the rest.
                Err(_) => self.out.clear(),
            }
        }
    }

    /// Takes one read; gives the frames that are whole. None when there is nothing now.
    ///
    /// # Errors
    /// What is wrong with what it says, with a code.
    pub fn read(&mut self, waiting: usize) -> Result<Option<Vec<Vec<u8>>>, String> {
        let Some(socket) = &self.socket else {
            return Ok(None);
        };
        let mut block = [0; READ_BYTES];
        match socket.try_read(&mut block) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
            Ok(0) | Err(_) => self.socket = None,
            Ok(got) => self
                .inbox
                .extend_from_slice(block.get(..got).unwrap_or_default()),
        }
        let mut frames = Vec::new();
        let mut rest = self.inbox.as_slice();
        while let Some((length, after)) = rest.split_first_chunk::<4>() {
            let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
            if length > PYTHON_FRAME_BYTES_MAX {
                return Err(format!(
                    "TSK-022: the process sent a message of {length} bytes; the limit is \
                     {PYTHON_FRAME_BYTES_MAX}"
                ));
            }
            let Some((content, after)) = after.split_at_checked(length) else {
                break;
            };
            frames.push(content.to_vec());
            rest = after;
            if waiting + frames.len() > PYTHON_FRAMES_MAX {
                return Err(format!(
                    "TSK-022: the process sent more than {PYTHON_FRAMES_MAX} messages without \
                     waiting for an answer"
                ));
            }
        }
        let left = rest.len();
        if left < self.inbox.len() {
            let done = self.inbox.len() - left;
            self.inbox.drain(..done);
            self.inbox.shrink_to(READ_BYTES);
        }
        Ok(Some(frames))
    }

    /// Hears no more.
    pub fn close(&mut self) {
        self.socket = None;
        self.out.clear();
    }
}
