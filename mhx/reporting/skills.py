"""What supporters' turns do: the skill profile as table and figure, and how far cues tell it."""

from __future__ import annotations

from mhx.reporting.evaluation import Evaluation, Row
from mhx.reporting.figures import Picture, drawing, picture, styles
from mhx.reporting.table import Column, Table, show
from mhx.reporting.wording import absent, origin, plain

AGREEMENT = ("cues against the labels of the shipped dialogues' author, a model, reviewed by "
             "nobody; table skills agreement")
UNSURE = ("Marked “not told apart”: the cues agree with the author's labels no better than chance, "
          "or no turn in this language is labelled.")
SEEN = "The cues were written with the train split in view; valid is the fairer figure."
NOT_A_GOAL = "A profile is a description: more of a skill is not better."
LINE = 0.17  # inches a bar


def tables(evaluation: Evaluation) -> list[Table]:
    """The profile, and the agreement of the cues that made it."""
    return [_profile(evaluation), _agreement(evaluation)]


def _profile(evaluation: Evaluation) -> Table:
    rows: list[Row] = [{**row, "skill": plain(row.get("skill"))}
                       for row in evaluation.rows("skills", "rows")]
    return Table(
        label="skills", title="Supporters' turns that show each skill, by cues",
        columns=(Column(key="system", title="system"), Column(key="skill", title="skill"),
                 Column(key="turns", title="turns", kind="int"),
                 Column(key="n", title="of", kind="int"),
                 Column(key="share", title="share", kind="number"),
                 Column(key="told_apart", title="told apart", kind="yesno")),
        rows=tuple(rows), origin=origin(evaluation), notes=(NOT_A_GOAL, UNSURE) if rows else (),
        signature=str(evaluation.part("skills").get("signature") or ""),
        agreement=AGREEMENT if rows else "",
        missing="" if rows else absent("the skill profile", "The language brings no skill cues"),
    )


def _agreement(evaluation: Evaluation) -> Table:
    rows: list[Row] = [
        {**row, "split": split, "skill": plain(row.get("skill"))}
        for split in evaluation.part("skills", "agreement")
        for row in evaluation.rows("skills", "agreement", split)
    ]
    return Table(
        label="skills_agreement", title="Skill cues against the author's labels of the same turns",
        columns=(Column(key="split", title="split"), Column(key="skill", title="skill"),
                 Column(key="labelled", title="labelled", kind="int"),
                 Column(key="by_cues", title="by cues", kind="int"),
                 Column(key="n", title="of", kind="int"),
                 Column(key="kappa", title="κ", kind="number"),
                 Column(key="low", upper="high", title="95 % interval", kind="interval"),
                 Column(key="precision", title="precision", kind="number"),
                 Column(key="recall", title="recall", kind="number")),
        rows=tuple(rows), origin=origin(evaluation), notes=(SEEN,) if rows else (),
        signature=str(evaluation.part("skills").get("signature") or "") if rows else "",
        agreement="this table; one author's labels, a model's" if rows else "",
        missing="" if rows else absent("the agreement of the skill cues", "No turn is labelled"),
    )


def profile(evaluation: Evaluation, run: str = "", number: int = 1) -> Picture | None:
    """Share of turns by skill, a bar a system; None without a profile.

    `run` names the run where there are several; `number` is its place among them.
    """
    from matplotlib.patches import Patch

    rows = [row for row in evaluation.rows("skills", "rows")
            if row.get("turns") is not None and row.get("share") is not None]
    if not rows:
        return None
    systems = list(dict.fromkeys(str(row.get("system")) for row in rows))
    skills = list(dict.fromkeys(str(row.get("skill")) for row in rows))
    held = {(str(row.get("skill")), str(row.get("system"))): row for row in rows}
    unsure = {skill for skill in skills if any(
        not row.get("told_apart") for (name, _), row in held.items() if name == skill)}
    look = styles(systems)
    with drawing(6.4, 0.9 + len(skills) * (LINE * len(systems) + 0.12)) as figure:
        axes = figure.add_axes((0.3, 0.12, 0.6, 0.78))
        y, ticks = 0.0, []
        for skill in skills:
            ticks.append(y + LINE * (len(systems) - 1) / 2)
            for system in systems:
                row = held.get((skill, system))
                share = float(row["share"]) if row else 0.0
                axes.barh(y, share, height=LINE * 0.82, color=look[system][0], lw=0,
                          alpha=0.45 if skill in unsure else 1.0)
                axes.text(share + 0.01, y, show(share, "share"), va="center", size=7.5)
                y += LINE
            y += 0.12
        axes.set_yticks(ticks, [plain(one) + (" (not told apart)" if one in unsure else "")
                                for one in skills])
        axes.set_ylim(y, -LINE)
        axes.set_xlim(0, 1.08)
        axes.set_xticks([0, 0.5, 1], ["0", "50 %", "100 %"])
        axes.set_xlabel("share of the supporter's turns that show the skill")
        axes.legend(handles=[Patch(color=look[one][0], label=one) for one in systems],
                    loc="lower right", bbox_to_anchor=(1, 1), ncols=3, frameon=False,
                    fontsize=7.5, borderaxespad=0.2)
        said = "; ".join(f"{plain(skill)}, {system}: {show(row['share'], 'share')}"
                         for (skill, system), row in held.items())
        return picture(figure, "skills" if number == 1 else f"skills-{number}", alt=said,
                       caption="Skills of supporters' turns by cues"
                       f"{f' ({run})' if run else ''}. Pale: the cues do not tell the skill apart.")
