//! Load at a constant rate, and how long answers take. `rustc` builds it alone: it needs the standard library only.
//!
//! Each connection has a timetable of its own, and the timetables are staggered. A request that is due while its
//! connection still waits for an earlier answer counts from when it was due, so that a server that stalls is charged with
//! everything that it held up (no "coordinated omission"). A request whose connection was free counts from when it was sent:
//! that the clock woke this program some microseconds late is not the server's doing.
//!
//! `steady ADDRESS PATH RATE SECONDS CONNECTIONS [HEADER…]` prints one line of JSON, times in microseconds.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};
use std::{env, process, thread};

/// Answers before this are not counted: caches, connections and this program's own pages are warm by then.
const WARM: Duration = Duration::from_millis(500);
const PATIENCE: Duration = Duration::from_secs(10);

struct Plan {
    request: Vec<u8>,
    address: String,
    interval: Duration,
    count: u32,
}

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match measure(&arguments) {
        Ok(line) => println!("{line}"),
        Err(error) => {
            eprintln!("steady: {error}");
            process::exit(1);
        }
    }
}

fn measure(arguments: &[String]) -> Result<String, String> {
    let [address, path, rate, seconds, connections, headers @ ..] = arguments else {
        return Err("usage: steady ADDRESS PATH RATE SECONDS CONNECTIONS [HEADER…]".to_owned());
    };
    let number = |text: &String| text.parse::<u32>().map_err(|error| format!("{text}: {error}"));
    let (rate, seconds, connections) = (number(rate)?, number(seconds)?, number(connections)?);
    let lines: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    let interval = Duration::from_secs(1) * connections / rate;
    let begin = Instant::now() + Duration::from_millis(100);
    let threads: Vec<_> = (0..connections)
        .map(|number| {
            let plan = Plan {
                request: format!("GET {path} HTTP/1.1\r\n{lines}\r\n").into_bytes(),
                address: address.clone(),
                interval,
                count: rate * seconds / connections,
            };
            let first = begin + interval * number / connections;
            thread::spawn(move || converse(&plan, first, begin + WARM))
        })
        .collect();
    let mut times = Vec::new();
    for thread in threads {
        let part = thread.join().map_err(|_| "a connection's thread panicked".to_owned())?;
        times.extend(part.map_err(|error| format!("{address}: {error}"))?);
    }
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share).round() as usize].as_secs_f64() * 1e6;
    if times.is_empty() {
        return Err("nothing was answered after the warm-up: give it more seconds".to_owned());
    }
    let (p50, p99, p999, most) = (at(0.5), at(0.99), at(0.999), at(1.0));
    let counted = times.len();
    Ok(format!(
        "{{\"counted\": {counted}, \"p50\": {p50:.1}, \"p99\": {p99:.1}, \"p999\": {p999:.1}, \"most\": {most:.1}}}"
    ))
}

/// Asks by the timetable that begins at `first`; answers how long each answer took, from `counted` on.
fn converse(plan: &Plan, first: Instant, counted: Instant) -> io::Result<Vec<Duration>> {
    let mut stream = TcpStream::connect(&plan.address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut held = Vec::with_capacity(64 << 10);
    let mut times = Vec::with_capacity(plan.count as usize);
    let mut free = Instant::now();
    for number in 0..plan.count {
        let due = first + plan.interval * number;
        thread::sleep(due.saturating_duration_since(Instant::now()));
        let from = if free > due { due } else { Instant::now() };
        stream.write_all(&plan.request)?;
        answer(&mut stream, &mut held)?;
        free = Instant::now();
        if due >= counted {
            times.push(free - from);
        }
    }
    Ok(times)
}

/// Reads one whole answer, which must be 200 and state its length.
fn answer(stream: &mut TcpStream, held: &mut Vec<u8>) -> io::Result<()> {
    held.clear();
    let mut room = [0; 16 << 10];
    let mut whole = None;
    while whole.is_none_or(|whole| held.len() < whole) {
        let read = stream.read(&mut room)?;
        if read == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the connection was closed"));
        }
        held.extend_from_slice(&room[..read]);
        if whole.is_none() {
            whole = length(held)?;
        }
    }
    Ok(())
}

/// How long the answer is with its head, once the head is there.
fn length(held: &[u8]) -> io::Result<Option<usize>> {
    let Some(end) = held.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let wrong = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
    let head = std::str::from_utf8(&held[..end]).map_err(|_| wrong("a head is no text"))?;
    if !head.starts_with("HTTP/1.1 200") {
        return Err(wrong(head.lines().next().unwrap_or_default()));
    }
    let stated = head.lines().filter_map(|line| line.split_once(':'));
    let stated = stated.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let body = stated.filter_map(|(_, value)| value.trim().parse::<usize>().ok()).next();
    body.map(|body| Some(end + 4 + body)).ok_or_else(|| wrong("an answer states no length"))
}
