#pragma once

#include <string_view>

namespace gibbon::reports {

/// The style sheet of report.html: light and dark, 320 to 1920 pixels wide, and paper.
inline constexpr std::string_view kStyle = R"css(
:root { color-scheme: light dark; --ink: #1c1f23; --faint: #5b626b; --paper: #fbfaf8; --card: #fff;
  --line: #d9dce0; --accent: #0b5c94; --heat: 0 114 178; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e8ea; --faint: #a3abb4; --paper: #14171a; --card: #1c2024; --line: #363c43;
    --accent: #7cc0f0; --heat: 86 180 233; } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 17px/1.55 Charter, "Bitstream Charter", Georgia, Cambria, serif; }
main { max-width: 1080px; margin: 0 auto; padding: 24px 20px 64px; overflow-wrap: anywhere; }
h1, h2, h3, table, figcaption, .facts { font-family: system-ui, "Segoe UI", "DejaVu Sans", Arial, sans-serif; }
h1 { font-size: clamp(1.35rem, 1rem + 1.8vw, 2.1rem); line-height: 1.2; margin: .4em 0 .6em;
  overflow-wrap: anywhere; text-wrap: balance; }
h2 { font-size: 1.3rem; margin: 2.4em 0 .7em; padding-top: .6em; border-top: 1px solid var(--line); }
h3 { font-size: 1.05rem; margin: 1.6em 0 .5em; }
p { margin: .6em 0; max-width: 46em; }
.facts { color: var(--faint); font-size: .9rem; }
.answer { font-size: 1.12rem; border-left: 4px solid var(--accent); padding-left: 14px; }
.scroll { overflow-x: auto; max-width: 100%; }
.card { background: #fff; border: 1px solid var(--line); border-radius: 8px; padding: 10px; }
.card svg { display: block; height: auto; width: 100%; min-width: 620px; }
table { border-collapse: collapse; font-size: .82rem; line-height: 1.35; background: var(--card);
  font-variant-numeric: tabular-nums; overflow-wrap: normal; }
th, td { padding: 5px 11px; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
thead th { border-bottom: 2px solid var(--faint); vertical-align: bottom; }
thead th { white-space: normal; max-width: 13em; }
.details th:nth-child(2), .provenance th { text-align: left; }
.details td:nth-child(2) { white-space: normal; min-width: 9em; }
th:first-child, .left { text-align: left; }
th:first-child { position: sticky; left: 0; background: var(--card); min-width: 3em; }
td small, th small { display: block; color: var(--faint); font-size: .92em; font-weight: 400;
  white-space: nowrap; }
td.heat { background: rgb(var(--heat) / calc(var(--v) * .5)); }
tr.group > * { border-top: 2px solid var(--line); }
tr.control { color: var(--faint); }
tr.worst td, th.worst, td.worst { font-weight: 650; }
.provenance td { text-align: left; white-space: normal; overflow-wrap: anywhere; min-width: 14em; }
.provenance th { font-weight: 600; vertical-align: top; }
pre { background: var(--card); border: 1px solid var(--line); border-radius: 6px; padding: 12px;
  overflow-x: auto; font-size: .85rem; }
figure { margin: 0 0 22px; }
figcaption { color: var(--faint); font-size: .85rem; line-height: 1.45; margin-top: 8px; max-width: 60em; }
img { display: block; height: auto; max-width: 100%; }
@media (max-width: 700px) { .card.scroll img { max-width: none; } }
@media print {
  :root { color-scheme: light; --ink: #000; --faint: #444; --paper: #fff; --card: #fff; --line: #bbb;
    --accent: #000; --heat: 0 114 178; }
  body { font-size: 10.5pt; }
  main { max-width: none; padding: 0; }
  .scroll { overflow: visible; }
  th:first-child { position: static; }
  .card { border: 0; padding: 0; }
  .card svg { min-width: 0; }
  .card.scroll img { max-width: 100%; max-height: 230mm; width: auto; }
  table { font-size: 7.5pt; }
  .details { font-size: 5.8pt; }
  th, td { padding: 2px 4px; }
  td.heat { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  h2, h3 { break-after: avoid; }
  tr, figure { break-inside: avoid; }
  pre { white-space: pre-wrap; } }
)css";

}  // namespace gibbon::reports
