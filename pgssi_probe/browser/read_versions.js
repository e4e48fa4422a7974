// What libraries say of their own version where their scripts run: nothing is called, nothing is written.
(() => {
  const PATHS = [
    'jQuery.fn.jquery', 'jQuery.migrateVersion', 'jQuery.ui.version', 'jQuery.mobile.version', 'jQuery.fn.dataTable.version',
    'jQuery.validator.version', 'jQuery.fn.tooltip.Constructor.VERSION', 'jQuery.fn.selectpicker.Constructor.VERSION',
    'jQuery.jPlayer.version', 'jQuery.prettyPhoto.version', 'jQuery.terminal.version', 'bootstrap.Tooltip.VERSION',
    'angular.version.full', 'React.version', 'ReactDOM.version', 'Vue.version', 'Ember.VERSION', 'Backbone.VERSION',
    '_.VERSION', 'moment.version', 'Handlebars.VERSION', 'Mustache.version', 'ko.version', 'Prototype.Version', 'MooTools.version',
    'YUI.version', 'Ext.versions.extjs.version', 'axios.VERSION', 'DOMPurify.version', 'CKEDITOR.version', 'CKEDITOR_VERSION',
    'Quill.version', 'hljs.versionString', 'JSZip.version', 'Chart.version', 'Highcharts.version', 'echarts.version',
    'c3.version', 'MathJax.version', 'pdfjsLib.version', 'PDFJS.version', 'plupload.VERSION', 'videojs.VERSION',
    'flowplayer.version', 'easyXDM.version', 'next.version',
  ];
  const at = (path) => path.split('.').reduce(
    (here, step) => (here === null || here === undefined || here instanceof Node ? undefined : here[step]), window);
  const found = [];
  const add = (path, value) => {
    if (typeof value === 'string' && value && value.length <= 80) found[found.length] = [path, value];
  };
  for (const path of PATHS) {
    // Lodash and Underscore share a name.
    if (path === '_.VERSION' && typeof at('_.VERSION') === 'string') add(typeof at('_.forOwn') === 'function' ? 'lodash' : 'underscore', at(path));
    else add(path, at(path));
  }
  const editor = at('tinymce.majorVersion'), rest = at('tinymce.minorVersion');
  if (typeof editor === 'string' && typeof rest === 'string') add('tinymce', editor + '.' + rest);
  const marked = document.querySelector('[ng-version]');
  if (marked) add('ng-version', marked.getAttribute('ng-version'));
  const mounted = document.querySelector('#app, #root, [data-v-app], body > div');
  if (mounted && mounted.__vue_app__) add('vue-app', mounted.__vue_app__.version);
  return found;
})()
