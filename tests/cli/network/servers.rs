//! Servers on loopback, for one test each.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::thread;
use std::time::Duration;

/// A port where nobody shall come.
pub(crate) struct Forbidden(TcpListener);

impl Forbidden {
    pub(crate) fn new() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        listener.set_nonblocking(true).expect("it can wait for nothing");
        Self(listener)
    }

    pub(crate) fn port(&self) -> u16 {
        self.0.local_addr().expect("it is bound").port()
    }

    /// What connects is in the system's queue before the connection stands, so none is missed.
    #[track_caller]
    pub(crate) fn nobody_came(&self) {
        let error = self.0.accept().expect_err("nobody may come");
        assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
    }
}

/// The port of a server that says `hello` to whoever connects.
pub(crate) fn greeter() -> u16 {
    serve(|mut stream| {
        let _ = stream.write_all(b"hello");
    })
}

/// The port of a server that answers datagrams.
pub(crate) fn echo() -> u16 {
    let socket = UdpSocket::bind(("127.0.0.1", 0)).expect("a port");
    let answering = socket.try_clone().expect("another handle");
    answer_datagrams(socket, answering)
}

/// The port of a server for datagrams whose answers come from another port.
pub(crate) fn stranger() -> u16 {
    let [socket, answering] = [(); 2].map(|()| UdpSocket::bind(("127.0.0.1", 0)).expect("a port"));
    answer_datagrams(socket, answering)
}

fn answer_datagrams(socket: UdpSocket, answering: UdpSocket) -> u16 {
    let port = socket.local_addr().expect("it is bound").port();
    thread::spawn(move || {
        let mut buffer = [0; 100];
        while let Ok((length, from)) = socket.recv_from(&mut buffer) {
            let _ = answering.send_to(&[b"re: ", &buffer[..length]].concat(), from);
        }
    });
    port
}

/// A socket for datagrams that shall get none.
pub(crate) struct Deaf(UdpSocket);

impl Deaf {
    pub(crate) fn new() -> Self {
        let socket = UdpSocket::bind(("127.0.0.1", 0)).expect("a port");
        socket.set_nonblocking(true).expect("it can wait for nothing");
        Self(socket)
    }

    pub(crate) fn port(&self) -> u16 {
        self.0.local_addr().expect("it is bound").port()
    }

    #[track_caller]
    pub(crate) fn nothing_came(&self) {
        let error = self.0.recv(&mut [0; 8]).expect_err("nothing may come");
        assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
    }
}

/// The port of a web server. `/` says hello, `/to?URL` leads to the URL, `/echo` gives back what it was
/// sent, and the others misbehave.
pub(crate) fn web() -> u16 {
    serve(|mut stream| {
        let request = read_request(&mut stream);
        let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
        let answer = |status: &str, fields: &str, body: &str| {
            let length = body.len();
            format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n{fields}\r\n{body}")
        };
        let _ = match path.split_once('?') {
            None if path == "/" => stream.write_all(answer("200 OK", "", "hello").as_bytes()),
            None if path == "/echo" => stream.write_all(answer("200 OK", "", &request).as_bytes()),
            Some(("/to", url)) => {
                let fields = format!("location: {url}\r\n");
                stream.write_all(answer("302 Found", &fields, "").as_bytes())
            }
            None if path == "/big" => {
                let head = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n";
                // Not as one text: seventy of them would count as the memory of what is tested.
                let written = stream.write_all(head.as_bytes());
                let mut body = std::iter::repeat_n([b'x'; 1024 * 16], 1024);
                written.and_then(|()| body.try_for_each(|part| stream.write_all(&part)))
            }
            None if path == "/long-head" => {
                let field = format!("x: {}\r\n", "x".repeat(1024 * 1024));
                stream.write_all(answer("200 OK", &field, "").as_bytes())
            }
            None if path == "/silence" => {
                thread::sleep(Duration::from_secs(120));
                Ok(())
            }
            _ => stream.write_all(answer("404 Not Found", "", "").as_bytes()),
        };
    })
}

/// The head of a request with its body, which is of one piece or ends with an empty one.
fn read_request(stream: &mut TcpStream) -> String {
    let mut request = String::new();
    let mut buffer = [0; 4096];
    loop {
        let is_whole = match request.split_once("\r\n\r\n") {
            None => false,
            Some((head, body)) if head.contains("transfer-encoding: chunked") => {
                body.ends_with("0\r\n\r\n")
            }
            Some(_) => true,
        };
        if is_whole {
            return request;
        }
        match stream.read(&mut buffer) {
            Ok(length @ 1..) => request.push_str(&String::from_utf8_lossy(&buffer[..length])),
            _ => return request,
        }
    }
}

/// Serves each connection on a thread of its own, as long as the tests run.
fn serve(answer: impl Fn(TcpStream) + Copy + Send + 'static) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = listener.local_addr().expect("it is bound").port();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || answer(stream));
        }
    });
    port
}
