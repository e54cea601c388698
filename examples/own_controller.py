"""A controller of your own, for one patient: after each anti-Xa the rate changes in proportion to the error.

A controller is any object with ``assay`` and ``decide(situation)``. It sees the results reported so far, never the true level.
"""

from heparin_pk import Bolus, Decision, Infusion, Laboratory, Patient, Situation, published, titrate

GOAL_U_PER_ML = 0.5


class Proportional:
    """Start with 80 U/kg and 18 U/kg/h; at each result multiply the rate by goal / level, by a third at most."""

    assay = "anti_xa_u_per_ml"

    def decide(self, situation: Situation) -> Decision:
        """Return the orders at this moment and the hour of the next draw."""
        now_h, weight_kg = situation.time_h, situation.weight_kg
        if not situation.labs:
            start = (Bolus(time_h=now_h, dose_u=80 * weight_kg), Infusion(time_h=now_h, rate_u_per_h=18 * weight_kg))
            return Decision(orders=start, next_draw_h=now_h + 6, why="start")
        factor = min(4 / 3, max(2 / 3, GOAL_U_PER_ML / max(0.01, situation.labs[-1].value)))
        change = Infusion(time_h=now_h, rate_u_per_h=factor * situation.rate_u_per_h)
        return Decision(orders=(change,), next_draw_h=now_h + 6, why=f"rate x {factor:.2f}")


course = titrate(
    Patient(weight_kg=82, acute_thrombosis=True),
    published.UFH_DEFAULT,
    Proportional(),
    hours=48,
    laboratory=Laboratory(assay="anti_xa_u_per_ml"),
    seed=7,
)
print(course.in_words())
for entry in course.entries[1:]:
    rates = [order.rate_u_per_h for order in entry.orders if isinstance(order, Infusion)]
    print(f"{entry.time_h:g} h: level {entry.lab.value:.2f} U/mL, rate {rates or 'unchanged'} U/h")
print(f"level at 48 h: {course.level_at('anti_xa_u_per_ml', 48):.4f} U/mL")
