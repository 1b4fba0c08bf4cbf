"""Pages for people: labels in two languages, tables and charts in one file without scripts and without requests.

Text that is no `Html` is escaped wherever it is put. Blocks and charts without data are nothing, and a section of
nothing is left out. A page with a table and a line chart:

    from ncvc.html.blocks import row, section, table
    from ncvc.html.labels import both
    from ncvc.html.line_chart import Line, line_chart
    from ncvc.html.page import page

    scores, losses = {"<medical>": 0.812, "general": 0.655}, [(1, 9.5), (2, 9.1), (3, 8.2)]
    rows = [row(task, f"{score:.1%}") for task, score in scores.items()]
    chart = line_chart([Line("tuned", losses)], x_label=both("step", "ステップ"), integer_x=True)
    text = page(
        ("Evaluation", "評価"),
        section(both("Scores", "得点"), table([both("task", "課題"), both("accuracy", "正解率")], rows)),
        section(both("Loss", "損失"), chart),
    )
"""
