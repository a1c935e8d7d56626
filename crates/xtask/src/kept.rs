//! Programs that run beside a command, and end when it ends.

use std::io;
use std::process::{Child, Command, ExitStatus};
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError};

/// Every program that was started beside this command.
static STARTED: Mutex<Vec<Arc<Mutex<Child>>>> = Mutex::new(Vec::new());

/// What a shell says of a command that Ctrl-C has ended.
const INTERRUPTED: i32 = 130;

/// A program in the background. Ctrl-C and a termination signal end it too.
#[derive(Debug)]
pub(crate) struct Kept(Arc<Mutex<Child>>);

impl Kept {
    pub(crate) fn start(command: &mut Command) -> io::Result<Self> {
        listen_for_the_end();
        let child = Arc::new(Mutex::new(command.spawn()?));
        locked(&STARTED).push(Arc::clone(&child));
        Ok(Self(child))
    }

    /// How it ended, if it did.
    pub(crate) fn ended(&self) -> io::Result<Option<ExitStatus>> {
        locked(&self.0).try_wait()
    }

    pub(crate) fn end(&self) {
        end(&self.0);
    }
}

fn listen_for_the_end() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let handler = || {
            locked(&STARTED).iter().for_each(|child| end(child));
            std::process::exit(INTERRUPTED);
        };
        if let Err(error) = ctrlc::set_handler(handler) {
            eprintln!("   Ctrl-C will not end what runs in the background: {error}");
        }
    });
}

/// It may have ended by itself: then there is nothing to end.
fn end(child: &Mutex<Child>) {
    let mut child = locked(child);
    let _ = child.kill();
    let _ = child.wait();
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
