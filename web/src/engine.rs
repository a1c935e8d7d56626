//! The engine's client: the worker that judges, one request at a time.
//!
//! Only the newest request waits. A worker that exceeds its budget is replaced, and the page says so: no input can
//! freeze typing.

use std::cell::RefCell;
use std::rc::Rc;

use gloo::events::EventListener;
use gloo::timers::callback::Timeout;
use js_sys::Array;
use podpass::{ExplainInput, Report};
use wasm_bindgen::prelude::*;
use web_sys::{MessageEvent, Worker};
use yew::prelude::*;

/// Milliseconds that one answer may take. The slowest honest input measured takes a tenth of it.
const BUDGET: u32 = 3_000;

#[wasm_bindgen]
extern "C" {
    /// Of `start.js`: a worker that holds the compiled module.
    #[wasm_bindgen(js_namespace = podpass, js_name = startWorker, catch)]
    fn start_worker() -> Result<Worker, JsValue>;
}

/// What came of the last request that was answered.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Answer {
    pub(crate) report: Option<Rc<Report>>,
    /// Why the newest input has no report.
    pub(crate) problem: Option<String>,
    /// Milliseconds that the worker needed.
    pub(crate) took: f64,
}

struct Running {
    id: u32,
    /// Dropped, it is cancelled.
    _budget: Timeout,
}

struct Client {
    worker: Option<(Worker, [EventListener; 2])>,
    running: Option<Running>,
    waiting: Option<Rc<ExplainInput>>,
    last_id: u32,
    report: Option<Rc<Report>>,
    sink: Callback<Answer>,
}

/// A handle on the worker.
#[derive(Clone)]
struct Engine(Rc<RefCell<Client>>);

impl Engine {
    fn new(sink: Callback<Answer>) -> Self {
        Self(Rc::new(RefCell::new(Client {
            worker: None,
            running: None,
            waiting: None,
            last_id: 0,
            report: None,
            sink,
        })))
    }

    /// Asks now if the worker is free, else as soon as it is, unless something newer comes.
    fn ask(&self, input: Rc<ExplainInput>) {
        self.0.borrow_mut().waiting = Some(input);
        self.send();
    }

    fn send(&self) {
        let mut client = self.0.borrow_mut();
        if client.running.is_some() {
            return;
        }
        let Some(input) = client.waiting.take() else { return };
        if client.worker.is_none() {
            client.worker = self.start();
        }
        let Ok(request) = serde_json::to_string(&*input) else { return };
        client.last_id += 1;
        let id = client.last_id;
        let sent = client.worker.as_ref().is_some_and(|(worker, _)| {
            worker.post_message(&Array::of2(&id.into(), &request.into())).is_ok()
        });
        if !sent {
            drop(client);
            return self.fail("The engine's worker could not be started.");
        }
        let engine = self.clone();
        let budget = Timeout::new(BUDGET, move || engine.overdue());
        client.running = Some(Running { id, _budget: budget });
    }

    fn start(&self) -> Option<(Worker, [EventListener; 2])> {
        let worker = start_worker().ok()?;
        let (answered, broken) = (self.clone(), self.clone());
        let on_message = EventListener::new(&worker, "message", move |event| {
            if let Some(event) = event.dyn_ref::<MessageEvent>() {
                answered.answered(&event.data());
            }
        });
        let on_error = EventListener::new(&worker, "error", move |_| {
            broken.replace("The engine met an input that it cannot judge and was started anew.");
        });
        Some((worker, [on_message, on_error]))
    }

    fn answered(&self, data: &JsValue) {
        let parts = Array::from(data);
        let id = parts.get(0).as_f64();
        let mut client = self.0.borrow_mut();
        let Some(running) = client.running.take_if(|running| id == Some(f64::from(running.id)))
        else {
            return;
        };
        drop(running);
        let took = parts.get(2).as_f64().unwrap_or_default();
        let text = parts.get(1).as_string().unwrap_or_default();
        let (report, problem) = match Report::from_json(&text) {
            Ok(report) => (Some(Rc::new(report)), None),
            Err(error) => (client.report.clone(), Some(format!("The engine answered: {error}"))),
        };
        client.report.clone_from(&report);
        let sink = client.sink.clone();
        drop(client);
        self.send();
        sink.emit(Answer { report, problem, took });
    }

    fn overdue(&self) {
        self.replace(
            "This input took the engine longer than 3 seconds; it was stopped and started anew. The answer below is to the input before.",
        );
    }

    fn replace(&self, problem: &str) {
        let mut client = self.0.borrow_mut();
        client.running = None;
        if let Some((worker, _)) = client.worker.take() {
            worker.terminate();
        }
        drop(client);
        self.fail(problem);
        self.send();
    }

    fn fail(&self, problem: &str) {
        let client = self.0.borrow();
        let (sink, report) = (client.sink.clone(), client.report.clone());
        drop(client);
        sink.emit(Answer { report, problem: Some(problem.to_owned()), took: f64::from(BUDGET) });
    }
}

/// The newest answer to the newest question.
#[hook]
pub(crate) fn use_engine(input: Rc<ExplainInput>) -> Answer {
    let answer = use_state_eq(Answer::default);
    let engine = {
        let answer = answer.clone();
        use_memo((), move |()| Engine::new(Callback::from(move |next| answer.set(next))))
    };
    use_effect_with(input, move |input| engine.ask(input.clone()));
    (*answer).clone()
}
