//! One start of the zygote, to see that a runtime works.

use std::{
    fs,
    io::{self, IoSlice, Read, Write},
    os::{
        fd::{AsFd, OwnedFd},
        unix::net::UnixStream,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use model::python;
use rustix::net::{
    self, AddressFamily, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketFlags,
    SocketType,
};
use serde_json::{Value, json};

use crate::{Error, home::TRY};

const EXAMPLE: &str = "from airflow.sdk import dag, task\n
@dag(schedule=None)\ndef orrery_check():\n    @task\n    def one():\n        pass\n    one()\n
orrery_check()\n";
const WAIT: Duration = Duration::from_secs(120);
const MESSAGE_BYTES_MAX: usize = 1 << 20;

/// What a runtime says of itself.
pub struct Tried {
    /// Version of Python.
    pub python: String,
    /// Version of Airflow.
    pub airflow: String,
    /// Version of the task SDK.
    pub task_sdk: String,
    /// Providers with their versions, sorted.
    pub providers: Vec<(String, String)>,
    /// Version of the supervisor protocol.
    pub protocol: Option<String>,
}

/// Starts the zygote and has it parse an example.
///
/// # Errors
/// [`Error::Damaged`] with what it said.
pub fn try_out(name: &str, env: &Path) -> Result<Tried, Error> {
    let damaged = |why: String| Error::Damaged {
        name: name.to_owned(),
        why,
    };
    let home = Scratch::new(env).map_err(|e| damaged(e.to_string()))?;
    let mut zygote = Zygote::start(env, &home.0).map_err(|e| damaged(e.to_string()))?;
    let boot = zygote.hear().map_err(|e| damaged(e.to_string()))?;
    if let Some(broken) = boot.get("broken").and_then(Value::as_str) {
        return Err(damaged(format!("it cannot import Airflow:\n{broken}")));
    }
    let known = boot.pointer("/messages/DagFileParseRequest");
    let said = zygote
        .parse(&home.0, known)
        .map_err(|e| damaged(e.to_string()))?;
    if !contains(&said, b"\"orrery_check\"") && !contains(&said, b"\xacorrery_check") {
        return Err(damaged("it does not parse an example dag".to_owned()));
    }
    tried(&boot).ok_or_else(|| damaged("it does not say what it is".to_owned()))
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

fn tried(boot: &Value) -> Option<Tried> {
    let text = |field: &str| Some(boot.get(field)?.as_str()?.to_owned());
    let mut providers: Vec<_> = boot
        .get("providers")?
        .as_object()?
        .iter()
        .map(|(name, version)| (name.clone(), version.as_str().unwrap_or("?").to_owned()))
        .collect();
    providers.sort();
    Some(Tried {
        python: text("python")?,
        airflow: text("airflow")?,
        task_sdk: text("task_sdk")?,
        providers,
        protocol: text("schema"),
    })
}

/// A folder that goes with its owner.
struct Scratch(PathBuf);

impl Scratch {
    fn new(env: &Path) -> io::Result<Self> {
        let path = PathBuf::from(format!("{}{TRY}{}", env.display(), std::process::id()));
        fs::create_dir_all(path.join("dags"))?;
        for (name, text) in python::SCRIPTS {
            fs::write(path.join(name), text)?;
        }
        fs::write(path.join("dags/orrery_check.py"), EXAMPLE)?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

struct Zygote {
    control: OwnedFd,
    child: Child,
}

impl Zygote {
    fn start(env: &Path, home: &Path) -> io::Result<Self> {
        let (control, theirs) = net::socketpair(
            AddressFamily::UNIX,
            SocketType::SEQPACKET,
            SocketFlags::CLOEXEC,
            None,
        )?;
        net::sockopt::set_socket_timeout(&control, net::sockopt::Timeout::Recv, Some(WAIT))?;
        let child = Command::new(env.join("bin/python"))
            .arg("-I")
            .arg(home.join(python::ZYGOTE))
            // Its standard input is the control socket.
            .arg("0")
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("HOME", home)
            .env("AIRFLOW_HOME", home)
            .env("AIRFLOW__CORE__DAGS_FOLDER", home.join("dags"))
            .env("AIRFLOW__CORE__LOAD_EXAMPLES", "False")
            .env("AIRFLOW__CORE__FERNET_KEY", "")
            .env(
                "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN",
                "sqlite:////nonexistent/orrery.db",
            )
            .env("_AIRFLOW_PROCESS_CONTEXT", "client")
            .stdin(Stdio::from(theirs))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        Ok(Self { control, child })
    }

    fn hear(&mut self) -> io::Result<Value> {
        let mut buffer = vec![0; MESSAGE_BYTES_MAX];
        let (n_bytes, _) = net::recv(&self.control, &mut buffer, net::RecvFlags::empty())?;
        if n_bytes == 0 {
            let status = self.child.wait()?;
            return Err(io::Error::other(format!("its Python ended: {status}")));
        }
        Ok(serde_json::from_slice(
            buffer.get(..n_bytes).unwrap_or_default(),
        )?)
    }

    /// What the parsing child sends, whatever it is.
    fn parse(&mut self, home: &Path, known: Option<&Value>) -> io::Result<Vec<u8>> {
        let pairs = [(); 4].map(|()| UnixStream::pair());
        let mut ours = Vec::new();
        let mut theirs = Vec::new();
        for pair in pairs {
            let (our, their) = pair?;
            our.set_read_timeout(Some(WAIT))?;
            ours.push(our);
            theirs.push(their);
        }
        let ask = json!({"op": "parse", "id": 1, "env": {}}).to_string();
        let fds: Vec<_> = theirs.iter().map(AsFd::as_fd).collect();
        let mut space = [std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(4))];
        let mut rights = SendAncillaryBuffer::new(&mut space);
        rights.push(SendAncillaryMessage::ScmRights(&fds));
        let slices = [IoSlice::new(ask.as_bytes())];
        net::sendmsg(&self.control, &slices, &mut rights, SendFlags::empty())?;
        drop(theirs);
        let said = self.hear()?;
        if let Some(refused) = said.get("refused") {
            return Err(io::Error::other(refused.to_string()));
        }
        let mut ours = ours.into_iter();
        let mut requests = ours.next().ok_or(io::ErrorKind::NotFound)?;
        // Kept open and not read: a parse of this example says less than a socket holds.
        let _others: Vec<_> = ours.collect();
        requests.write_all(&parse_request(home, known))?;
        let mut head = [0; 4];
        requests.read_exact(&mut head)?;
        let mut body = Vec::new();
        requests
            .take(u64::from(u32::from_be_bytes(head)))
            .read_to_end(&mut body)?;
        Ok(body)
    }
}

impl Drop for Zygote {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The frame `[0, DagFileParseRequest]` in msgpack, with the fields that the runtime knows.
fn parse_request(home: &Path, known: Option<&Value>) -> Vec<u8> {
    let dags = home.join("dags").display().to_string();
    let file = home.join("dags/orrery_check.py").display().to_string();
    let mut fields = vec![
        ("type", "DagFileParseRequest"),
        ("file", &file),
        ("bundle_path", &dags),
    ];
    let known = known.and_then(Value::as_array);
    if known.is_some_and(|known| known.iter().any(|field| field == "bundle_name")) {
        fields.push(("bundle_name", "dags-folder"));
    }
    let mut body = vec![0x92, 0x00, 0x81 + u8::try_from(fields.len()).unwrap_or(0)];
    let text = |body: &mut Vec<u8>, text: &str| {
        body.push(0xdb);
        body.extend(u32::try_from(text.len()).unwrap_or(0).to_be_bytes());
        body.extend(text.as_bytes());
    };
    for (field, value) in fields {
        text(&mut body, field);
        text(&mut body, value);
    }
    text(&mut body, "callback_requests");
    body.push(0x90);
    let head = u32::try_from(body.len()).unwrap_or(0).to_be_bytes();
    [head.as_slice(), &body].concat()
}
