//! The control socket of a warm interpreter: JSON messages, one packet each.

use model::{Json, limits::FRAME_BYTES_MAX};
use rustix::{
    io::Errno,
    net::{
        AddressFamily, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags,
        SocketFlags, SocketType, recv, sendmsg, socketpair, sockopt,
    },
};
use std::{
    io::{self, IoSlice},
    mem::MaybeUninit,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
};
use tokio::io::{Interest, unix::AsyncFd};

/// Bytes of one message of the control socket.
pub const MESSAGE_BYTES_MAX: usize = 1024 * 1024;
/// Both ends of a control socket.
pub fn pair() -> io::Result<(OwnedFd, OwnedFd)> {
    let (ours, theirs) = socketpair(
        AddressFamily::UNIX,
        SocketType::SEQPACKET,
        SocketFlags::CLOEXEC,
        None,
    )?;
    rustix::io::ioctl_fionbio(&ours, true)?;
    // What it says at its start is longer than the usual buffer allows in one message.
    let _ = sockopt::set_socket_send_buffer_size(&theirs, MESSAGE_BYTES_MAX);
    let _ = sockopt::set_socket_send_buffer_size(&ours, MESSAGE_BYTES_MAX);
    Ok((ours, theirs))
}

/// Sends a message with descriptors.
pub fn send_fds(socket: impl AsFd, message: &[u8], fds: &[BorrowedFd<'_>]) -> io::Result<usize> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(4))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    control.push(SendAncillaryMessage::ScmRights(fds));
    let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
    Ok(sendmsg(
        socket,
        &[IoSlice::new(message)],
        &mut control,
        flags,
    )?)
}

/// The next word; none at the end.
pub async fn receive(control: &AsyncFd<OwnedFd>) -> io::Result<Option<Json>> {
    let mut block = vec![0; MESSAGE_BYTES_MAX];
    let got = control
        .async_io(Interest::READABLE, |control| {
            let (got, _) = recv(control, &mut block[..], RecvFlags::DONTWAIT)?;
            Ok(got)
        })
        .await;
    let got = match got {
        // It died with words of ours unread.
        Err(error) if Errno::from_io_error(&error) == Some(Errno::CONNRESET) => 0,
        other => other?,
    };
    if got == 0 {
        return Ok(None);
    }
    let word = block.get(..got).unwrap_or_default();
    serde_json::from_slice(word)
        .map(Some)
        .map_err(io::Error::other)
}

const _: () = assert!(MESSAGE_BYTES_MAX < FRAME_BYTES_MAX);
