//! Curves drawn from the posterior.

use rand_distr::{Distribution, StandardNormal};
use rand_pcg::Pcg64Mcg;

use super::posterior::{Local, Posterior};
use crate::cholesky::Cholesky;

const MAX_ITERATIONS: usize = 60;

/// The parameters that are most probable, by Levenberg's and Marquardt's method from a start.
pub(super) fn most_probable(posterior: &Posterior<'_>, start: Vec<f64>) -> (Vec<f64>, Local) {
    let mut parameters = start;
    let mut local = posterior.local(&parameters);
    let mut damping = 1e-2;
    for _ in 0..MAX_ITERATIONS {
        let size = parameters.len();
        let mut matrix = local.information.clone();
        (0..size).for_each(|at| matrix[at * size + at] *= 1.0 + damping);
        let Some(factor) = Cholesky::of(&matrix, size) else {
            damping *= 10.0;
            continue;
        };
        // No parameter moves by more than a factor of e at once.
        let step = factor.solve(&local.gradient);
        let moved: Vec<f64> = parameters.iter().zip(&step).map(|(at, step)| at + step.clamp(-1.0, 1.0)).collect();
        if posterior.at(&moved) > local.value {
            let is_done = step.iter().all(|step| step.abs() < 1e-3);
            parameters = moved;
            local = posterior.local(&parameters);
            if is_done {
                break;
            }
            damping = (damping / 5.0).max(1e-9);
        } else {
            damping *= 4.0;
            if damping > 1e6 {
                break;
            }
        }
    }
    (parameters, local)
}

/// Draws by Hamiltonian Monte Carlo (Neal 2011) from the most probable parameters on, in coordinates in which the normal
/// approximation there is round.
pub(super) fn draw(posterior: &Posterior<'_>, start: &[f64], local: &Local, count: usize, random: &mut Pcg64Mcg) -> Vec<Vec<f64>> {
    const STEPS: usize = 5;
    let size = start.len();
    let Some(factor) = Cholesky::of(&local.information, size) else { return vec![start.to_vec(); count] };
    let mut at = start.to_vec();
    let mut value = local.value;
    let mut slope = local.gradient.clone();
    let mut length = 0.35;
    let warm_up = count / 4;
    let mut draws = Vec::with_capacity(count);
    for number in 0..warm_up + count {
        let normal: Vec<f64> = (0..size).map(|_| StandardNormal.sample(random)).collect();
        // With mass = information, momentum L z has velocity L⁻ᵀ z.
        let mut velocity = factor.solve_upper(normal.clone());
        let energy = value - normal.iter().map(|z| z * z).sum::<f64>() / 2.0;
        let (mut new, mut new_value, mut new_slope) = (at.clone(), value, slope.clone());
        for _ in 0..STEPS {
            let push = factor.solve(&new_slope);
            velocity.iter_mut().zip(&push).for_each(|(velocity, push)| *velocity += length / 2.0 * push);
            new.iter_mut().zip(&velocity).for_each(|(new, velocity)| *new += length * velocity);
            (new_value, new_slope) = posterior.slope(&new);
            let push = factor.solve(&new_slope);
            velocity.iter_mut().zip(&push).for_each(|(velocity, push)| *velocity += length / 2.0 * push);
        }
        let new_energy = new_value - factor.quadratic(&velocity) / 2.0;
        let uniform: f64 = rand_distr::Uniform::new(0.0, 1.0).map_or(0.5, |uniform| uniform.sample(random));
        let is_taken = (new_energy - energy).exp() > uniform;
        if is_taken {
            (at, value, slope) = (new, new_value, new_slope);
        }
        if number < warm_up {
            length = (length * if is_taken { 1.05 } else { 0.85 }).clamp(0.02, 0.6);
        } else {
            draws.push(at.clone());
        }
    }
    draws
}
