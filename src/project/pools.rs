//! Pools of workers: the executors of `concurrent.futures`, the pools of `multiprocessing`.

use super::{ClassValue, Project, Spot, Value, argument};
use crate::facts::Site;
use crate::syntax::{Field, Kind, Node};

/// What kind of pool a class makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pool {
    /// `ThreadPoolExecutor`
    ThreadExecutor,
    /// `ProcessPoolExecutor`
    ProcessExecutor,
    /// `Executor`, and executors of other workers.
    Executor,
    /// `multiprocessing.pool.ThreadPool`
    Threads,
    /// `multiprocessing.Pool`
    Processes,
}

impl Pool {
    /// By qualified name.
    pub(super) fn named(name: &str) -> Option<Pool> {
        Some(match name {
            "concurrent.futures.ThreadPoolExecutor"
            | "concurrent.futures.thread.ThreadPoolExecutor" => Pool::ThreadExecutor,
            "concurrent.futures.ProcessPoolExecutor"
            | "concurrent.futures.process.ProcessPoolExecutor" => Pool::ProcessExecutor,
            "concurrent.futures.Executor"
            | "concurrent.futures._base.Executor"
            | "concurrent.futures.InterpreterPoolExecutor"
            | "concurrent.futures.interpreter.InterpreterPoolExecutor" => Pool::Executor,
            "multiprocessing.pool.ThreadPool" | "multiprocessing.dummy.Pool" => Pool::Threads,
            "multiprocessing.Pool" | "multiprocessing.pool.Pool" => Pool::Processes,
            _ => return None,
        })
    }

    /// Whether it is one of `concurrent.futures`.
    pub fn is_executor(self) -> bool {
        matches!(
            self,
            Pool::ThreadExecutor | Pool::ProcessExecutor | Pool::Executor
        )
    }
}

/// A call of a method that a pool of the standard library has, on a pool whose class does not bring its own; or one of an event loop that hands the pool work.
#[derive(Clone, Copy, Debug)]
pub struct PoolCall<'p> {
    pub kind: Pool,
    pub call: Site<'p>,
    /// The expression that names the pool.
    pub pool: Site<'p>,
    pub method: &'p str,
}

impl Project {
    /// The kind of pool that objects of a class are.
    pub fn pool_class<'p>(&'p self, class: &ClassValue<'p>) -> Option<Pool> {
        let mro = self.mro_of(class).classes;
        mro.iter()
            .find_map(|class| Pool::named(&self.qualified_class(class)))
    }

    /// A call that makes a pool, by naming its class.
    pub fn makes_pool<'p>(&'p self, call: Site<'p>) -> Option<Pool> {
        let class = match self.evaluate(call.child(Field::Function)?) {
            Value::Class(class) => ClassValue::Known(class),
            Value::External(name) => ClassValue::External(name),
            _ => return None,
        };
        self.pool_class(&class)
    }

    /// A call of one of the named methods of a pool, or of `loop.run_in_executor` with a pool, if that is among them.
    pub fn pool_call<'p>(&'p self, call: Site<'p>, methods: &[&str]) -> Option<PoolCall<'p>> {
        let callee = call.child(Field::Function)?;
        let method = callee.node.child(Field::Attribute).map(Node::text)?;
        if callee.node.kind() != Kind::Attribute || !methods.contains(&method) {
            return None;
        }
        if method == "run_in_executor" {
            let pool = argument(call, 0, "executor")?;
            let Value::Instance(class) = self.evaluate(pool) else {
                return None;
            };
            let kind = self.pool_class(&class)?;
            return Some(PoolCall {
                kind,
                call,
                pool,
                method,
            });
        }
        let Value::External(name) = self.evaluate(callee) else {
            return None;
        };
        let (class, _) = name.rsplit_once('.')?;
        let pool = callee.child(Field::Object)?;
        // `Pool.map(pool, …)`
        let is_object = matches!(self.evaluate(pool), Value::Instance(_));
        is_object.then_some(PoolCall {
            kind: Pool::named(class.strip_suffix("()").unwrap_or(class))?,
            call,
            pool,
            method,
        })
    }

    /// The name that keeps the object of an expression: a variable, or a global of a module, through imports. Equal for two expressions that name one object.
    pub fn kept_at<'p>(&'p self, object: Site<'p>) -> Option<Spot> {
        let bound = match object.node.kind() {
            Kind::Name => self.bound_at(object)?,
            Kind::Attribute => {
                let name = object.node.child(Field::Attribute)?.text();
                let Value::Module(file) = self.evaluate(object.child(Field::Object)?) else {
                    return None;
                };
                self.bound_at(file.module_bindings(name).first()?.name)?
            }
            _ => return None,
        };
        Some(Spot::of(bound.name))
    }
}
