//! What a container of the image does: it answers, turns healthy, ends when told to.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use crate::checks::exposed_port;
use crate::engine::{Container, Image, tail};
use crate::example::{self, Http};

const PATIENCE: Duration = Duration::from_mins(1);
const PAUSE: Duration = Duration::from_millis(200);
/// Seconds from SIGTERM to the end; an orchestrator gives ten or thirty.
const TO_STOP: u8 = 5;
const KILLED: i64 = 137;

/// Nothing that a web app needs: no writable file but in /tmp, no capability, no new privilege.
const HARDENED: [&str; 7] = [
    "--read-only",
    "--tmpfs",
    "/tmp",
    "--cap-drop",
    "ALL",
    "--security-opt",
    "no-new-privileges",
];

/// Runs it as `docker run` does; says how long it took to turn healthy and to stop.
pub(crate) fn as_it_is(image: &Image, expected: &example::Image) -> Result<Vec<String>, String> {
    let mut figures = Vec::new();
    let container = answering(image, expected, &[])?;
    if expected.healthy {
        let started = Instant::now();
        turns_healthy(&container)?;
        figures.push(format!(
            "healthy {:.1} s after answering",
            started.elapsed().as_secs_f32()
        ));
    }
    if expected.ends_itself {
        ends_itself(&container)?;
    } else {
        let started = Instant::now();
        container.stop(TO_STOP)?;
        if container.state()?["ExitCode"] == KILLED {
            return Err(format!("{TO_STOP} s after SIGTERM it was still running"));
        }
        figures.push(format!(
            "stopped in {:.1} s",
            started.elapsed().as_secs_f32()
        ));
    }
    Ok(figures)
}

pub(crate) fn hardened(image: &Image, expected: &example::Image) -> Result<(), String> {
    answering(image, expected, &HARDENED)
        .map(drop)
        .map_err(|error| format!("read-only and without capabilities: {error}"))
}

/// Starts a container and waits until it answers, or logs, what is expected.
fn answering<'a>(
    image: &Image<'a>,
    expected: &example::Image,
    options: &[&str],
) -> Result<Container<'a>, String> {
    let variables: Vec<String> = expected
        .env
        .iter()
        .map(|(name, value)| format!("--env={name}={value}"))
        .collect();
    let mut options: Vec<&str> = options.to_vec();
    options.extend(variables.iter().map(String::as_str));
    let port = match expected.port {
        Some(port) => Some(port),
        None => exposed_port(image)?,
    };
    // Published rather than reached by its own address, which only a Linux host can.
    let publish = port.map(|port| format!("--publish=127.0.0.1::{port}"));
    options.extend(publish.as_deref());

    let container = image.run(&options)?;
    let started = Instant::now();
    loop {
        // Asked first: what it says at its end is still seen below.
        let running = container.state()?["Running"] == true;
        let missing = match (&expected.http, &expected.logs, port) {
            (Some(http), _, Some(port)) => missing_answer(&container, port, http),
            (Some(_), _, None) => return Err("no EXPOSE and no `port`: where to ask?".to_owned()),
            (None, Some(words), _) => (!container.logs()?.contains(words.as_str()))
                .then(|| format!("it did not log {words:?}")),
            (None, None, _) => None,
        };
        let Some(missing) = missing else {
            return Ok(container);
        };
        if !running || started.elapsed() > PATIENCE {
            let how = if running { "still runs" } else { "ended" };
            return Err(format!(
                "{missing}; it {how} and logged:\n{}",
                tail(&container.logs()?)
            ));
        }
        std::thread::sleep(PAUSE);
    }
}

/// What is wrong with its answer to a GET, if anything.
fn missing_answer(container: &Container, port: u16, http: &Http) -> Option<String> {
    let answer = container
        .address(port)
        .and_then(|address| get(&address, &http.path));
    match answer {
        Ok((status, text)) if status == http.status && text.contains(&http.contains) => None,
        Ok((status, text)) => Some(format!("{} answered {status}: {}", http.path, tail(&text))),
        Err(error) => Some(format!("{} did not answer: {error}", http.path)),
    }
}

/// HTTP/1.0, so that the answer ends where the connection does.
fn get(address: &str, path: &str) -> Result<(u16, String), String> {
    let address: SocketAddr = address
        .parse()
        .map_err(|error| format!("{address}: {error}"))?;
    let exchange = || {
        let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(2))?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        write!(stream, "GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n")?;
        let mut bytes = Vec::new();
        stream.take(1 << 20).read_to_end(&mut bytes)?;
        Ok::<_, std::io::Error>(String::from_utf8_lossy(&bytes).into_owned())
    };
    let text = exchange().map_err(|error| error.to_string())?;
    let status = text
        .split_whitespace()
        .nth(1)
        .and_then(|status| status.parse().ok());
    status
        .map(|status| (status, text))
        .ok_or_else(|| "no HTTP answer".to_owned())
}

fn turns_healthy(container: &Container) -> Result<(), String> {
    let health = || Ok::<_, String>(container.state()?["Health"].take());
    if wait(|| Ok(health()?["Status"] == "healthy"))? {
        return Ok(());
    }
    let health = health()?;
    let last = health["Log"].as_array().and_then(|log| log.last());
    let said = last
        .and_then(|entry| entry["Output"].as_str())
        .unwrap_or_default();
    Err(format!(
        "it is {} after {} s: {said}",
        health["Status"],
        PATIENCE.as_secs()
    ))
}

fn ends_itself(container: &Container) -> Result<(), String> {
    if !wait(|| Ok(container.state()?["Running"] == false))? {
        return Err(format!("it still runs after {} s", PATIENCE.as_secs()));
    }
    match container.state()?["ExitCode"].as_i64() {
        Some(0) => Ok(()),
        code => Err(format!(
            "exit code {code:?}; it logged:\n{}",
            tail(&container.logs()?)
        )),
    }
}

/// Asks until it is so; false when patience ends first.
fn wait(so: impl Fn() -> Result<bool, String>) -> Result<bool, String> {
    let started = Instant::now();
    while started.elapsed() < PATIENCE {
        if so()? {
            return Ok(true);
        }
        std::thread::sleep(PAUSE);
    }
    Ok(false)
}
