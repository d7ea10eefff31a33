"""Graphic frames: tables, charts, diagrams, embedded objects."""

from __future__ import annotations

from collections.abc import Callable
from xml.etree.ElementTree import Element

from ragsight.errors import DocumentError, ErrorHandler
from ragsight.loaders.pdf.tables.grids import to_markdown
from ragsight.loaders.slides.chart_data import MOST_ROWS, ChartData, Rows, markdown_rows
from ragsight.loaders.slides.charts import read_chart
from ragsight.loaders.slides.content import Block
from ragsight.loaders.slides.diagrams import diagram_lines
from ragsight.loaders.slides.new_charts import read_new_chart
from ragsight.loaders.slides.package import Package
from ragsight.loaders.slides.pictures import picture_in
from ragsight.loaders.slides.shapes import Shape
from ragsight.loaders.slides.tables import table_rows
from ragsight.loaders.slides.words import one_line
from ragsight.loaders.slides.workbooks import Workbook
from ragsight.loaders.slides.xml import CX, DGM, A, C, P, R

_BOOKS = (".xlsx", ".xlsm", ".xltx", ".xltm")


class Frames:
    """Reads the graphic frames of one slide.

    Args:
        package: The open file.
        part: The slide's part.
        chart_data: Whether data of charts are read.
        report: Told of a part that can't be read.
        remark: Told of what is in the file and isn't read.
    """

    def __init__(
        self,
        package: Package,
        part: str,
        *,
        chart_data: bool,
        report: ErrorHandler,
        remark: Callable[[str], None],
    ) -> None:
        self._package = package
        self._part = part
        self._chart_data = chart_data
        self._report = report
        self._remark = remark

    def block(self, shape: Shape) -> Block | None:
        """What a frame shows; None if nothing that can be read."""
        data = shape.element.find(f"{A}graphic/{A}graphicData")
        if data is None:
            return None
        if (table := data.find(f"{A}tbl")) is not None:
            rows = table_rows(table)
            text = to_markdown(rows)
            return Block("table", shape.bbox, text, shape.alt, rows=rows) if rows else None
        for tag, read in ((f"{C}chart", self._chart), (f"{CX}chart", self._new_chart)):
            if (reference := data.find(tag)) is not None:
                chart = read(reference.get(f"{R}id", ""))
                return Block("chart", shape.bbox, chart.to_text(), shape.alt, chart=chart)
        if (reference := data.find(f"{DGM}relIds")) is not None:
            lines = self._diagram(reference.get(f"{R}dm", ""))
            return Block("diagram", shape.bbox, "\n".join(lines), shape.alt)
        return self._embedded(shape, data)

    def _read(self, reference: str, what: str) -> tuple[str, Element | None]:
        found = self._package.related(self._part).get(reference)
        part = "" if found is None else found.target
        try:
            if not part:
                raise DocumentError("it is missing in the file.")
            return part, self._package.xml(part)
        except DocumentError as error:
            self._report(DocumentError(f"{what} can't be read: {error}"))
            return part, None

    def _chart(self, reference: str) -> ChartData:
        part, root = self._read(reference, "a chart")
        if root is None:
            return ChartData("")
        chart = read_chart(root, self._book_of(part, root))
        tables = chart.tables if self._chart_data else ()
        labels = (*chart.labels, *self._drawn_on(part, root))
        return ChartData(chart.kind, chart.title, chart.axes, tables, labels)

    def _book_of(self, part: str, root: Element) -> Callable[[str], list[str]]:
        """Looks up what a chart refers to in its workbook, which is opened where that is needed."""
        opened: list[Workbook | None] = []

        def values(formula: str) -> list[str]:
            if not opened:
                opened.append(self._opened_book(part, root))
            try:
                return [] if opened[0] is None else opened[0].values(formula)
            except DocumentError as error:
                self._report(DocumentError(f"the data of a chart can't be read: {error}"))
                return []

        return values

    def _opened_book(self, part: str, root: Element) -> Workbook | None:
        reference = root.find(f"{C}externalData")
        name = "" if reference is None else reference.get(f"{R}id", "")
        found = self._package.related(part).get(name)
        if found is None or found.external or not found.target.lower().endswith(_BOOKS):
            return None
        try:
            return Workbook.of(self._package, found.target)
        except DocumentError as error:
            self._report(DocumentError(f"the data of a chart can't be read: {error}"))
            return None

    def _drawn_on(self, part: str, root: Element) -> list[str]:
        """Words of text boxes that were drawn on a chart."""
        drawing = self._package.first(part, "chartUserShapes")
        if drawing is None or root.find(f"{C}userShapes") is None:
            return []
        try:
            bodies = [e for e in self._package.xml(drawing).iter() if e.tag.endswith("}txBody")]
        except DocumentError as error:
            self._report(DocumentError(f"what was drawn on a chart can't be read: {error}"))
            return []
        return [text for body in bodies if (text := one_line(body))]

    def _new_chart(self, reference: str) -> ChartData:
        _, root = self._read(reference, "a chart")
        if root is None:
            return ChartData("")
        chart = read_new_chart(root)
        tables = chart.tables if self._chart_data else ()
        return ChartData(chart.kind, chart.title, chart.axes, tables, chart.labels)

    def _diagram(self, reference: str) -> list[str]:
        _, root = self._read(reference, "a diagram")
        return [] if root is None else diagram_lines(root)

    def _embedded(self, shape: Shape, data: Element) -> Block | None:
        """An embedded object, such as a sheet of Excel: its picture, and a sheet's cells."""
        reference = next(data.iter(f"{P}oleObj"), None)
        if reference is None:
            return None
        picture = picture_in(self._package, self._part, data)
        sheets = self._sheets(reference)
        text = "\n\n".join(f"{name}\n\n{markdown_rows(rows)}" for name, rows in sheets)
        if picture is None and sheets:
            return Block("table", shape.bbox, text, shape.alt, rows=sheets[0][1][: MOST_ROWS + 1])
        return Block("picture", shape.bbox, text, shape.alt, picture=picture)

    def _sheets(self, reference: Element) -> list[tuple[str, Rows]]:
        found = self._package.related(self._part).get(reference.get(f"{R}id", ""))
        if found is None or found.external:
            return []
        if not found.target.lower().endswith(_BOOKS):
            kind = reference.get("progId") or found.target.rpartition("/")[2]
            self._remark(f"An embedded object ({kind[:60]}) isn't read; its picture is shown.")
            return []
        try:
            return list(Workbook.of(self._package, found.target).tables())
        except DocumentError as error:
            self._report(DocumentError(f"an embedded workbook can't be read: {error}"))
            return []
