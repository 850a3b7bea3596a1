// The one chart bundle of the pages: Plotly with the trace types that Footfall draws and no other.
// A page loads it with <script defer src="/static/ui/plotly.js"> and finds it as window.Plotly.
import Plotly from "plotly.js/lib/core";
import bar from "plotly.js/lib/bar";
import choropleth from "plotly.js/lib/choropleth";

Plotly.register([bar, choropleth]);
window.Plotly = Plotly;
